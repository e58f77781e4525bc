import type { Concurrency } from '../../transfer/pace.ts';
import { UnderWay } from '../../transfer/under-way.ts';

/** Results that wait for an earlier one to end are held, at most this many. */
const window = 500;

/**
 * Runs `work` on the items, at most `atOnce` of those that return a promise at a time, and gives the
 * results in the order of the items, so that one large object does not hold up the small ones after
 * it. `work` that has nothing to wait for returns its result as it is, at no cost; undefined is none. The
 * first failure aborts what is under way; it is thrown when all have ended.
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T>,
  atOnce: number | Concurrency,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R> | R | undefined,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const queue: (Promise<R> | R)[] = [];
  const underWay = new UnderWay(atOnce);
  try {
    for await (const item of items) {
      both.throwIfAborted();
      const result = work(item, both);
      if (result === undefined) continue;
      queue.push(result);
      if (result instanceof Promise) {
        underWay.add(result, (error) => stop.abort(error));
        await underWay.room();
        both.throwIfAborted();
      }
      if (underWay.isEmpty || queue.length >= window)
        while (queue.length > (underWay.isEmpty ? 0 : window / 2)) yield await head(queue);
    }
    while (queue.length > 0) yield await head(queue);
  } catch (error) {
    // What was under way reports its abort, often before the failure that was the reason for it.
    if (stop.signal.aborted && !signal.aborted) throw stop.signal.reason;
    throw error;
  } finally {
    if (!underWay.isEmpty) stop.abort(new Error('no result is wanted any more'));
    await underWay.end();
  }
}

async function head<R>(queue: (Promise<R> | R)[]): Promise<R> {
  return await (queue.shift() as Promise<R> | R);
}
