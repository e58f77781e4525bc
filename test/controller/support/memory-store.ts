import type {
  Compare,
  Entry,
  Key,
  Operation,
  Outcome,
  Store,
} from '../../../controller/store/store.ts';
import { FarshoreError } from '../../../kernel/errors.ts';

type Kept = Omit<Entry<unknown>, 'path'>;

/** The store's contract without a disk: what is kept survives `reopened`, as JSON does. */
export class MemoryStore implements Store {
  readonly #entries: Map<string, Kept>;
  #revision: number;
  /** Called before every write that would be made; may throw. */
  beforeWrite: ((operations: readonly Operation[]) => void) | undefined;

  constructor(entries = new Map<string, Kept>(), revision = 0) {
    this.#entries = entries;
    this.#revision = revision;
  }

  reopened(): MemoryStore {
    return new MemoryStore(this.#entries, this.#revision);
  }

  get<T>({ path }: Key<T>): Promise<Entry<T> | null> {
    const kept = this.#entries.get(path);
    return Promise.resolve(kept === undefined ? null : ({ path, ...kept } as Entry<T>));
  }

  range<T>(prefix: Key<T>): Promise<readonly Entry<T>[]> {
    const paths = [...this.#entries.keys()].filter((path) => path.startsWith(prefix.path)).sort();
    return Promise.resolve(paths.map((path) => ({ path, ...this.#entries.get(path) }) as Entry<T>));
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    return Promise.resolve().then(() => this.#commit(compares, operations));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #commit(compares: readonly Compare[], operations: readonly Operation[]): Outcome {
    for (const { path, modRevision } of compares)
      if ((this.#entries.get(path)?.modRevision ?? 0) !== modRevision) return { committed: false };
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    for (const { path } of operations)
      if (!/^[\x21-\x7e]+$/.test(path))
        throw new FarshoreError('bad key', {
          code: 'store.bad-key',
          kind: 'permanent',
          operation: 'write',
        });
    this.beforeWrite?.(operations);
    this.#revision += 1;
    for (const operation of operations) this.#apply(operation);
    return { committed: true, revision: this.#revision };
  }

  #apply(operation: Operation): void {
    const { path } = operation;
    if (operation.type === 'delete') {
      this.#entries.delete(path);
      return;
    }
    this.#entries.set(path, {
      value: JSON.parse(JSON.stringify(operation.value)) as unknown,
      createRevision: this.#entries.get(path)?.createRevision ?? this.#revision,
      modRevision: this.#revision,
    });
  }
}
