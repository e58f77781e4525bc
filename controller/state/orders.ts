import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Execution, OrderBook, StandingOrder } from '../../runbooks/execution/types.ts';
import type { Claims } from '../cluster/types.ts';
import { atomically } from '../store/atomically.ts';
import { put, remove, type Store, unchanged } from '../store/store.ts';
import { followed } from './followed.ts';
import { keys } from './keys.ts';
import { refused } from './refusals.ts';

interface OrdersDeps {
  readonly store: Store;
  readonly claims: Pick<Claims, 'compareOf'>;
  readonly ambient: Ambient;
}

/**
 * Orders to executions as keys of their own: whoever holds the execution's claim watches them, and
 * removes each in the transaction that saves what it led to. Killed before: it stands, and the next
 * holder takes it; killed after: it is done. So each is carried out exactly once.
 */
export class StoreOrders implements OrderBook {
  readonly #deps: OrdersDeps;

  constructor(deps: OrdersDeps) {
    this.#deps = deps;
  }

  /**
   * Rewrites the group's list of unfinished executions as it is: an execution that ends at the same
   * time compares it, so it either sees the order and drops it, or the order is refused.
   */
  async place({ id, group }: Pick<Execution, 'id' | 'group'>, order: StandingOrder): Promise<void> {
    const { store } = this.#deps;
    const key = keys.active(group);
    await atomically(store, async () => {
      const active = await store.get(key);
      if (active?.value.executions.some((each) => each.id === id) !== true) throw ended(id);
      return {
        compares: [unchanged(key, active)],
        operations: [put(keys.order(id, order.id), order), put(key, active.value)],
        result: undefined,
      };
    });
  }

  standing(execution: string, signal: AbortSignal): AsyncIterable<readonly StandingOrder[]> {
    const { store, ambient } = this.#deps;
    const source = { store, ambient, prefix: keys.order(execution) };
    const byAge = (a: StandingOrder, b: StandingOrder): number =>
      a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
    return followed(source, (mirror) => [...mirror.values()].sort(byAge), signal);
  }

  async dismiss(execution: string, order: string): Promise<void> {
    const { store, claims } = this.#deps;
    const compares = [claims.compareOf('execution', execution)];
    await store.transact(compares, [remove(keys.order(execution, order))]);
  }

  async settled(execution: string, order: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#deps;
    const key = keys.order(execution, order);
    for (;;) {
      const { entries, revision } = await store.page(key, { limit: 1 });
      if (entries.length === 0) return;
      try {
        for await (const { changes } of store.watch(key, revision + 1, signal))
          if (changes.some(({ type }) => type === 'delete')) return;
      } catch (error) {
        if (!(error instanceof FarshoreError) || error.code !== 'store.compacted') throw error;
      }
      signal.throwIfAborted();
    }
  }
}

function ended(id: string): FarshoreError {
  return refused(
    'execution.ended',
    'change execution',
    id,
    'execution is ended',
    `farshore execution report ${id} tells how`,
  );
}
