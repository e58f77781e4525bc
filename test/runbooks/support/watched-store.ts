import type {
  Compare,
  Key,
  Lease,
  Operation,
  Outcome,
  PageOptions,
  Store,
} from '../../../controller/store/store.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { MemoryStore } from '../../controller/support/memory-store.ts';

/**
 * Called around every write of a worker but those of its presence, with the execution that it saves,
 * if any; may throw: before as a refusal, after as an answer that was lost.
 */
export type Around = (moment: 'before' | 'after', execution: Execution | null) => void;

/** Thrown to whatever a worker was doing when it was killed, and afterwards. */
export class Killed extends FarshoreError {
  constructor() {
    super('killed', { code: 'test.killed', kind: 'transient', operation: 'live' });
  }
}

/** One worker's way to the store that all share. */
export class WatchedStore implements Store {
  readonly #store: MemoryStore;
  readonly #around: Around;
  readonly #leases: string[] = [];
  #isDead = false;

  constructor(store: MemoryStore, around: Around) {
    this.#store = store;
    this.#around = around;
  }

  /** Nothing of this worker takes effect any more; its lease is over. */
  die(): void {
    this.#isDead = true;
    this.expire();
  }

  /** The worker was cut off until its lease ran out; it may join anew. */
  expire(): void {
    for (const id of this.#leases.splice(0)) this.#store.expireLease(id);
  }

  async get<T>(key: Key<T>) {
    this.#assertAlive();
    return this.#store.get(key);
  }

  async range<T>(prefix: Key<T>) {
    this.#assertAlive();
    return this.#store.range(prefix);
  }

  async page<T>(prefix: Key<T>, options: PageOptions) {
    this.#assertAlive();
    return this.#store.page(prefix, options);
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    this.#assertAlive();
    const isPresence = operations.every(({ path }) => /^live\/(controllers|leader)/.test(path));
    if (isPresence) return this.#store.transact(compares, operations);
    const execution = executionIn(operations);
    this.#around('before', execution);
    const outcome = await this.#store.transact(compares, operations);
    if (outcome.committed) this.#around('after', execution);
    return outcome;
  }

  watch<T>(prefix: Key<T>, fromRevision: number, signal: AbortSignal) {
    return this.#store.watch<T>(prefix, fromRevision, signal);
  }

  async lease(): Promise<Lease> {
    this.#assertAlive();
    const lease = await this.#store.lease();
    this.#leases.push(lease.id);
    return lease;
  }

  health() {
    return this.#store.health();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #assertAlive(): void {
    if (this.#isDead) throw new Killed();
  }
}

export function executionIn(operations: readonly Operation[]): Execution | null {
  for (const operation of operations)
    if (operation.type === 'put' && operation.path.startsWith('executions/'))
      return JSON.parse(JSON.stringify(operation.value)) as Execution;
  return null;
}
