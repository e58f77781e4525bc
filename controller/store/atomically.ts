import { FarshoreError } from '../../kernel/errors.ts';
import type { Compare, Operation, Store } from './store.ts';

/** What one try read, decided and wants to write. */
export interface Attempt<R> {
  readonly compares: readonly Compare[];
  readonly operations: readonly Operation[];
  /** Given back once committed, with the revision. */
  readonly result: R;
}

/** Writers of one key are few; more conflicts than this in a row mean a bug, not bad luck. */
const maxTries = 100;

/**
 * Reads, decides and writes as if alone: when something that was read has changed meanwhile,
 * `attempt` runs again on the new state. It must have no effect but its answer.
 */
export async function atomically<R>(
  store: Store,
  attempt: () => Promise<Attempt<R>>,
): Promise<{ readonly result: R; readonly revision: number }> {
  for (let tries = 0; tries < maxTries; tries++) {
    const { compares, operations, result } = await attempt();
    const outcome = await store.transact(compares, operations);
    if (outcome.committed) return { result, revision: outcome.revision };
  }
  throw new FarshoreError('the state changed again and again while it was being changed', {
    code: 'store.contention',
    kind: 'transient',
    operation: 'change state',
    hint: 'try again',
  });
}
