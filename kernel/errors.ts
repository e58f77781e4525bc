/** Whether trying again can help: `transient` may pass by itself, `permanent` needs a change by someone, `fatal` means this process cannot go on. */
export type ErrorKind = 'transient' | 'permanent' | 'fatal';

export interface ErrorDetail {
  /** Stable, dotted, lower case: `region.unreachable`, `bank.manifest-altered`. Clients may switch on it. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** What was being done, as a verb phrase: `restore volume`. */
  readonly operation: string;
  /** What it was done to: a name or an id, never a secret. */
  readonly subject?: string | undefined;
  /** What the operator can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one base of every error that Farshore raises on purpose. The message says what went wrong;
 * `operation` and `subject` say where, `hint` what to do. None of them holds tokens or passwords.
 */
export class FarshoreError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly operation: string;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = detail.code;
    this.kind = detail.kind;
    this.operation = detail.operation;
    this.subject = detail.subject === undefined ? undefined : shorten(detail.subject);
    this.hint = detail.hint;
  }
}

const longestSubject = 160;

/** An object's name may have 1,024 bytes; an error's line keeps its two ends. */
function shorten(subject: string): string {
  if (subject.length <= longestSubject) return subject;
  const end = longestSubject / 2;
  return `${subject.slice(0, end)}…${subject.slice(-end)}`;
}

export function isTransient(error: unknown): boolean {
  return error instanceof FarshoreError && error.kind === 'transient';
}

/** True for the abort of an AbortSignal, which is an order and not a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause));
}

/** The error on one line for a person: what, where, what to do. No stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof FarshoreError))
    return error instanceof Error ? error.message : String(error);
  const where =
    error.subject === undefined ? error.operation : `${error.operation} ${error.subject}`;
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  return `${where}: ${error.message}${hint}`;
}
