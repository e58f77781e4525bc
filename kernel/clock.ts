import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Wall time, milliseconds since the epoch: for records and people, never for measuring. */
  now(): number;
  /** Milliseconds from an arbitrary start that never goes back: for durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`, unless what it returns is called before: for deadlines, most of which are never reached. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    delay(ms, undefined, signal === undefined ? {} : { signal }),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});

/** RFC 3339 in UTC, as every record and API answer writes a time. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
