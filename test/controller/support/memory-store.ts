import { checkTransaction } from '../../../controller/store/check-transaction.ts';
import { History, type Written } from '../../../controller/store/history.ts';
import { LocalLeases } from '../../../controller/store/local-leases.ts';
import { decodeRecord, encodeRecord } from '../../../controller/store/record.ts';
import { compacted } from '../../../controller/store/store-errors.ts';
import type {
  Compare,
  Entry,
  Key,
  Lease,
  Operation,
  Outcome,
  Page,
  PageOptions,
  Store,
  StoreHealth,
  Transaction,
} from '../../../controller/store/store.ts';

/** The store's contract without a disk: what is kept survives `reopened`, as JSON does. */
export class MemoryStore implements Store {
  readonly #records: Map<string, string>;
  readonly #history: History;
  readonly #leases: LocalLeases;
  readonly #shown = new Map<number, readonly Entry<unknown>[]>();
  #revision: number;
  /** Called before every write that would be made; may throw. */
  beforeWrite: ((operations: readonly Operation[]) => void) | undefined;
  /** Called after every write; may throw, as if its answer had been lost. */
  afterWrite: (() => void) | undefined;
  /** What `health` answers. */
  healthNow: StoreHealth = { quorumAgeMs: 0, hasQuorum: true };

  constructor(records = new Map<string, string>(), revision = 0) {
    this.#records = records;
    this.#revision = revision;
    this.#history = new History(revision);
    this.#leases = new LocalLeases(String(revision));
  }

  /** Another process opens it: the leases of this one have ended. */
  reopened(): MemoryStore {
    for (const id of this.#leases.ids()) this.expireLease(id);
    this.#history.close();
    return new MemoryStore(this.#records, this.#revision);
  }

  get<T>({ path }: Key<T>): Promise<Entry<T> | null> {
    return Promise.resolve(this.#entry(path) as Entry<T> | null);
  }

  range<T>(prefix: Key<T>): Promise<readonly Entry<T>[]> {
    return Promise.resolve(this.#below(prefix.path) as readonly Entry<T>[]);
  }

  page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> {
    const { limit, after = '', revision = this.#revision } = options;
    const all = revision === this.#revision ? this.#below('') : this.#shown.get(revision);
    if (all === undefined) return Promise.reject(compacted('read state', prefix.path, revision));
    this.#shown.set(revision, all);
    const left = all.filter(({ path }) => path.startsWith(prefix.path) && path > after);
    const entries = left.slice(0, limit) as readonly Entry<T>[];
    return Promise.resolve({ entries, revision, hasMore: left.length > limit });
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    return Promise.resolve().then(() => {
      checkTransaction(operations);
      return this.#commit(compares, operations);
    });
  }

  watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>> {
    return this.#history.watch<T>(prefix.path, fromRevision, signal);
  }

  lease(): Promise<Lease> {
    const lease = this.#leases.grant((id) => Promise.resolve().then(() => this.expireLease(id)));
    return Promise.resolve(lease);
  }

  leaseOf(path: string): string | undefined {
    return this.#leases.of(path);
  }

  /** As if its time to live had passed without a renewal. */
  expireLease(id: string): void {
    this.#leases.end(id);
    this.#commit([], this.#leases.removals(id));
    this.#leases.forget(id);
  }

  health(): StoreHealth {
    return this.healthNow;
  }

  close(): Promise<void> {
    this.#leases.endAll();
    this.#history.close();
    return Promise.resolve();
  }

  #commit(compares: readonly Compare[], operations: readonly Operation[]): Outcome {
    for (const { path, modRevision } of compares)
      if ((this.#entry(path)?.modRevision ?? 0) !== modRevision) return { committed: false };
    this.#leases.check(operations);
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    this.beforeWrite?.(operations);
    this.#revision += 1;
    this.#history.add(operations.map((operation) => this.#apply(operation)));
    this.afterWrite?.();
    return { committed: true, revision: this.#revision };
  }

  #apply(operation: Operation): Written {
    const { path } = operation;
    this.#leases.record(operation);
    if (operation.type === 'delete') {
      this.#records.delete(path);
      return { path, record: null };
    }
    const createRevision = this.#entry(path)?.createRevision ?? this.#revision;
    const modRevision = this.#revision;
    const { value, lease } = operation;
    const held = lease === undefined ? {} : { lease };
    const record = encodeRecord({ createRevision, modRevision, value, ...held });
    this.#records.set(path, record);
    return { path, record };
  }

  #below(prefix: string): readonly Entry<unknown>[] {
    const paths = [...this.#records.keys()].filter((path) => path.startsWith(prefix)).sort();
    return paths.map((path) => this.#entry(path)!);
  }

  #entry(path: string): Entry<unknown> | null {
    const record = this.#records.get(path);
    return record === undefined ? null : { path, ...decodeRecord(path, record) };
  }
}
