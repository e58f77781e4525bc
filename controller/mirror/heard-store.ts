import type { Operation, Store } from '../store/store.ts';

export type StoreRequest = 'get' | 'range' | 'page' | 'transact';

export interface StoreListener {
  /** Before it is made. Watches and leases are not told: they last. */
  readonly onRequest?: (request: StoreRequest) => void;
  /** Of what this process wrote, before whoever wrote it hears. */
  readonly onCommitted: (operations: readonly Operation[], revision: number) => void;
}

/** The same store; somebody hears of what is asked of it, and of what it acknowledges. */
export function heard(store: Store, { onRequest, onCommitted }: StoreListener): Store {
  const asked = <R>(request: StoreRequest, answer: () => Promise<R>): Promise<R> => {
    onRequest?.(request);
    return answer();
  };
  return Object.freeze<Store>({
    get: (key, options) => asked('get', () => store.get(key, options)),
    range: (prefix, options) => asked('range', () => store.range(prefix, options)),
    page: (prefix, options) => asked('page', () => store.page(prefix, options)),
    watch: (prefix, fromRevision, signal) => store.watch(prefix, fromRevision, signal),
    lease: (ttlMs) => store.lease(ttlMs),
    health: () => store.health(),
    close: () => store.close(),
    transact: async (compares, operations) => {
      const outcome = await asked('transact', () => store.transact(compares, operations));
      if (outcome.committed) onCommitted(operations, outcome.revision);
      return outcome;
    },
  });
}
