import type { Consistency, Entry, Key, Store } from '../store/store.ts';

/** Few enough that an answer stays below what a store sends at once, whatever the values. */
const pageLimit = 500;

/**
 * Everything below the prefix as of one instant, and which: the store's revision then, from the one
 * after which watching goes on. Throws `store.compacted` where the store forgot that instant between
 * two pages, and what its reads throw.
 */
export async function listAll<T>(
  store: Pick<Store, 'page'>,
  prefix: Key<T>,
  consistency: Consistency,
): Promise<{ readonly entries: readonly Entry<T>[]; readonly revision: number }> {
  let page = await store.page(prefix, { limit: pageLimit, consistency });
  const { revision } = page;
  const entries = [...page.entries];
  while (page.hasMore) {
    const after = page.entries.at(-1)?.path ?? '';
    page = await store.page(prefix, { limit: pageLimit, consistency, after, revision });
    entries.push(...page.entries);
  }
  return { entries, revision };
}
