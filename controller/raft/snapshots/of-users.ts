import { formatKey } from '../../store/format.ts';
import type { Consistency, Page, Store } from '../../store/store.ts';

/** Of the cluster itself, a few keys: an older state, or another's, says nothing of it. */
const clusters = 'cluster/';
/** Grows only: what was ordered stays known when the state is put back. */
const audits = 'audit/';
/** There as soon as a controller was: the snapshot has the same, or is refused. */
const format = formatKey.path;

/** The store as a snapshot is to hold it: without what concerns the cluster itself. */
export function forExport(store: Store, consistency: Consistency): Store {
  return without(store, [clusters], consistency);
}

/** The store as an import is to see it: what is not shown is neither in its way nor deleted by it. */
export function forImport(store: Store): Store {
  return without(store, [clusters, audits, format], 'linearizable');
}

function without(store: Store, hidden: readonly string[], consistency: Consistency): Store {
  return {
    page: async <T>(...[prefix, options]: Parameters<Store['page']>): Promise<Page<T>> => {
      let from = { ...options, consistency };
      for (;;) {
        const page = (await store.page(prefix, from)) as Page<T>;
        const isShown = (path: string) => !hidden.some((one) => path.startsWith(one));
        const entries = page.entries.filter(({ path }) => isShown(path));
        const after = page.entries.at(-1)?.path;
        // A page of hidden ones alone would look like the end.
        if (entries.length > 0 || !page.hasMore || after === undefined) return { ...page, entries };
        from = { ...from, after, revision: page.revision };
      }
    },
    get: (key) => store.get(key, { consistency }),
    range: (prefix) => store.range(prefix, { consistency }),
    transact: (compares, operations) => store.transact(compares, operations),
    watch: (prefix, from, signal) => store.watch(prefix, from, signal),
    lease: (ttlMs) => store.lease(ttlMs),
    health: () => store.health(),
    close: () => store.close(),
  };
}
