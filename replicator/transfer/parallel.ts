import type { Concurrency } from './pace.ts';
import { UnderWay } from './under-way.ts';

/** Transfers under way at once for one resource: enough to hide a link's latency; Swift is the limit beyond it. */
export const transfersAtOnce = 6;

/**
 * Runs `work` on every item, at most `atOnce` at once, and takes the next item only when a place is
 * free, so that a listing of millions is never held. The first failure aborts what is under way
 * (through the signal given to `work`), and it is the one that is thrown, after all have ended:
 * nothing goes on behind the caller's back. On abort of `signal` rejects with its reason.
 */
export async function parallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  atOnce: number | Concurrency,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    stop.abort(error);
  };
  const underWay = new UnderWay(atOnce);
  try {
    for await (const item of items) {
      if (both.aborted) break;
      underWay.add(work(item, both), fail);
      await underWay.room();
    }
  } catch (error) {
    fail(error);
  }
  await underWay.end();
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
