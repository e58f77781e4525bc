import type { Clock } from '../../kernel/clock.ts';

/**
 * Runs `work` with a signal that also aborts after `ms`, with the reason that `expired` gives. Waits
 * for `work` to end in any case, so that nothing of it goes on behind the caller's back; throws the
 * reason when the work gave up because of it.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  expired: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = new AbortController();
  const waiting = clock.sleep(ms, timer.signal).then(
    () => deadline.abort(expired()),
    () => undefined, // The work was faster.
  );
  try {
    return await work(AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    throw deadline.signal.aborted && !signal.aborted ? deadline.signal.reason : error;
  } finally {
    timer.abort();
    await waiting;
  }
}
