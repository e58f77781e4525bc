import { put, type Key, type Store, type Transaction } from '../../../controller/store/store.ts';

export interface Thing {
  readonly n: number;
}

export const key = (path: string): Key<Thing> => ({ path });

/** Puts it and gives back the revision. */
export async function putThing(store: Store, path: string, n = 0): Promise<number> {
  const outcome = await store.transact([], [put(key(path), { n })]);
  if (!outcome.committed) throw new Error('not committed');
  return outcome.revision;
}

/** The first `count` transactions, or all until the watch ends. */
export async function take<T>(
  watch: AsyncIterable<Transaction<T>>,
  count = Infinity,
): Promise<readonly Transaction<T>[]> {
  const taken: Transaction<T>[] = [];
  if (count > 0)
    for await (const transaction of watch) if (taken.push(transaction) === count) break;
  return taken;
}
