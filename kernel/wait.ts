import type { Clock } from './clock.ts';
import { type ErrorKind, FarshoreError } from './errors.ts';

export interface Wait {
  /** What is being waited for, as a verb phrase and a name or id. */
  readonly operation: string;
  readonly subject: string;
  /** Gives up after so long without movement: however long the whole takes, as long as it moves. Read at each look. */
  readonly stillMs: number;
  /** Of the error when it gives up; transient unless `kind` says else. */
  readonly code: string;
  readonly kind?: ErrorKind;
  readonly hint?: string | undefined;
  readonly warning?: StillWarning;
  readonly longestPauseMs?: number;
}

export interface StillWarning {
  /** Without movement for so long, `tell` is called with the reason, and with null when it moves again or the wait ends. */
  readonly afterMs: number;
  readonly tell: (reason: string | null) => void;
  /** The likely cause and what to do about it; also the hint of the error when the wait gives up. */
  readonly explain: () => Promise<string>;
}

/** Says what the thing looks like now: whatever differs from the time before is movement. */
export type Sees = (state: string) => void;

const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** At most a tenth of what was waited already is added by coming late. */
const growth = 1.1;

/**
 * Asks until the answer is no longer undefined, pausing from 0.5 s up to 10 s. What is waited for is
 * judged by its movement, which `ask` tells with `sees`; without any such word the limit counts from
 * the beginning. Errors of `ask` end the wait.
 */
export async function waitFor<T>(
  clock: Clock,
  wait: Wait,
  signal: AbortSignal | undefined,
  ask: (sees: Sees) => Promise<T | undefined>,
): Promise<T> {
  const { warning } = wait;
  let movedMs = clock.monotonicMs();
  let seen: string | undefined;
  const sees = (state: string): void => {
    if (state === seen) return;
    seen = state;
    movedMs = clock.monotonicMs();
  };
  let reason: string | null = null;
  let pauseMs = firstPauseMs;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const answer = await ask(sees);
      if (answer !== undefined) return answer;
      const stillMs = clock.monotonicMs() - movedMs;
      if (warning !== undefined && reason !== null && stillMs < warning.afterMs) {
        reason = null;
        warning.tell(null);
      }
      if (warning !== undefined && reason === null && stillMs >= warning.afterMs) {
        reason = await warning.explain();
        warning.tell(reason);
      }
      if (stillMs >= wait.stillMs) throw gaveUp(wait, stillMs, seen, reason);
      await clock.sleep(Math.min(pauseMs, wait.stillMs - stillMs), signal);
      pauseMs = Math.min(pauseMs * growth, wait.longestPauseMs ?? longestPauseMs);
    }
  } finally {
    if (reason !== null) warning?.tell(null);
  }
}

function gaveUp(
  wait: Wait,
  stillMs: number,
  seen: string | undefined,
  reason: string | null,
): FarshoreError {
  const state = seen === undefined ? '' : ` (${seen})`;
  return new FarshoreError(`no progress for ${durationText(stillMs)}${state}`, {
    code: wait.code,
    kind: wait.kind ?? 'transient',
    operation: wait.operation,
    subject: wait.subject,
    hint: reason ?? wait.hint,
  });
}

/** `40 s`, `7 min`: for people. */
export function durationText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
