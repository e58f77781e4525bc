import type { Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';

export interface Wait {
  readonly operation: string;
  readonly subject: string;
  readonly timeoutMs: number;
  readonly hint?: string;
}

export const minuteMs = 60_000;
/** For what Cinder does with records and empty volumes. */
export const shortWaitMs = 15 * minuteMs;
/** For what reads or writes a whole volume. */
export const longWaitMs = 48 * 60 * minuteMs;

const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** Little more than what was waited already is added by coming late. */
const growth = 1.2;

/**
 * Asks until the answer is no longer undefined, pausing from 0.5 s up to 10 s. Throws the transient
 * `volume.wait-timeout` when time is up: whoever goes on later finds the work where it stands.
 */
export async function waitFor<T>(
  clock: Clock,
  wait: Wait,
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = clock.monotonicMs() + wait.timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * growth, longestPauseMs)) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (clock.monotonicMs() >= deadline)
      throw new FarshoreError(`not done after ${Math.round(wait.timeoutMs / minuteMs)} minutes`, {
        code: 'volume.wait-timeout',
        kind: 'transient',
        operation: wait.operation,
        subject: wait.subject,
        hint: wait.hint,
      });
    await clock.sleep(pauseMs, signal);
  }
}
