import type { Clock } from '../../kernel/clock.ts';

/** A clock's `after`, by the rules of its `sleep`. */
export function afterSleep(clock: Pick<Clock, 'sleep'>, ms: number, run: () => void): () => void {
  const cancelled = new AbortController();
  clock.sleep(ms, cancelled.signal).then(run, () => undefined);
  return () => cancelled.abort();
}
