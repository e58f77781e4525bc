/** How one attempt ended, as far as the decision needs it. */
export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  /** Absent when no answer came. */
  readonly status?: number | undefined;
  /** False for refusals that waiting does not cure, whether by status or by the network (TLS). */
  readonly transient: boolean;
  /** True when it is certain that the service saw nothing of the request (no connection was made). */
  readonly unsent: boolean;
  /** From Retry-After, already in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the caller declared that sending it twice is harmless. */
  readonly repeatable: boolean;
  /** Of the call's deadline. */
  readonly leftMs: number;
  /** Uniform in [0, 1). */
  readonly chance: number;
}

export type RetryDecision =
  { readonly kind: 'wait'; readonly waitMs: number } | { readonly kind: 'stop' };

export const maxAttempts = 5;
const firstBackoffMs = 250;
const maxBackoffMs = 8_000;
/** A service may ask for an hour; the caller would rather know. */
const maxRetryAfterMs = 60_000;

/**
 * Whether to send a request again, and after how long. A request that may have been acted on is
 * repeated only when that is harmless. A wait that the deadline would cut short is not begun: the
 * real failure says more than a timeout.
 */
export function decideRetry(failed: FailedAttempt): RetryDecision {
  const waitMs = waitBefore(failed);
  if (failed.attempt >= maxAttempts || !mayRepeat(failed) || waitMs >= failed.leftMs)
    return { kind: 'stop' };
  return { kind: 'wait', waitMs };
}

function mayRepeat(failed: FailedAttempt): boolean {
  if (!failed.transient) return false;
  if (failed.repeatable || failed.unsent) return true;
  // 429, and 503 with a Retry-After, are given before the service acts.
  return failed.status === 429 || (failed.status === 503 && failed.retryAfterMs !== undefined);
}

function waitBefore(failed: FailedAttempt): number {
  if (failed.retryAfterMs !== undefined) return Math.min(failed.retryAfterMs, maxRetryAfterMs);
  const backoffMs = Math.min(firstBackoffMs * 2 ** (failed.attempt - 1), maxBackoffMs);
  return backoffMs * (0.5 + failed.chance / 2);
}

/** Retry-After in either of its forms, seconds or an HTTP date; undefined when absent or neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
