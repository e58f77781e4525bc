import { leaseLost } from '../../../controller/store/store-errors.ts';
import type {
  Change,
  Compare,
  Entry,
  Operation,
  Outcome,
} from '../../../controller/store/store.ts';

export interface Committed {
  readonly revision: number;
  /** The process that wrote; null: the store itself, ending a lease. */
  readonly by: string | null;
  readonly compares: readonly Compare[];
  readonly changes: readonly Change<unknown>[];
}

interface Version {
  readonly revision: number;
  readonly entry: Entry<unknown> | null;
}

/** The replicated state: every version of every key since the newest compaction. Nothing in it waits. */
export class State {
  /** Told of each transaction that wrote. */
  onCommit: (committed: Committed) => void = () => undefined;
  readonly #versions = new Map<string, Version[]>();
  /** Byte order. */
  readonly #paths: string[] = [];
  readonly #log: Committed[] = [];
  /** Lease of each key that has one. */
  readonly #leaseOf = new Map<string, string>();
  readonly #leases = new Set<string>();
  #revision = 1;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  /** What was written up to here is known by its newest state only. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  get(path: string, at = this.#revision): Entry<unknown> | null {
    const versions = this.#versions.get(path);
    if (versions === undefined) return null;
    for (let index = versions.length - 1; index >= 0; index -= 1) {
      const version = versions[index] as Version;
      if (version.revision <= at) return version.entry;
    }
    return null;
  }

  range(prefix: string, at = this.#revision): readonly Entry<unknown>[] {
    const found: Entry<unknown>[] = [];
    for (let index = this.#place(prefix); index < this.#paths.length; index += 1) {
      const path = this.#paths[index] as string;
      if (!path.startsWith(prefix)) break;
      const entry = this.get(path, at);
      if (entry !== null) found.push(entry);
    }
    return found;
  }

  /** Those that wrote in (after, upTo]. */
  since(after: number, upTo: number): readonly Committed[] {
    const first = this.#log[0]?.revision ?? this.#revision + 1;
    return this.#log.slice(Math.max(0, after + 1 - first), Math.max(0, upTo + 1 - first));
  }

  transact(
    by: string | null,
    compares: readonly Compare[],
    operations: readonly Operation[],
  ): Outcome {
    for (const { path, modRevision } of compares)
      if ((this.get(path)?.modRevision ?? 0) !== modRevision) return { committed: false };
    for (const operation of operations)
      if (operation.type === 'put' && operation.lease !== undefined)
        if (!this.#leases.has(operation.lease)) throw leaseLost(operation.lease);
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    this.#revision += 1;
    const changes = operations.map((operation) => this.#apply(operation));
    const committed = Object.freeze({ revision: this.#revision, by, compares, changes });
    this.#log.push(committed);
    this.onCommit(committed);
    return { committed: true, revision: this.#revision };
  }

  grant(lease: string): void {
    this.#leases.add(lease);
  }

  hasLease(lease: string): boolean {
    return this.#leases.has(lease);
  }

  leaseOf(path: string): string | undefined {
    return this.#leaseOf.get(path);
  }

  /** Its keys go in one transaction. */
  end(lease: string): void {
    if (!this.#leases.delete(lease)) return;
    const paths = [...this.#leaseOf].filter(([, of]) => of === lease).map(([path]) => path);
    this.transact(
      null,
      [],
      paths.sort().map((path) => ({ type: 'delete', path })),
    );
  }

  compact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, Math.min(revision, this.#revision));
    const kept = this.#log.findIndex((each) => each.revision > this.#compacted);
    this.#log.splice(0, kept === -1 ? this.#log.length : kept);
    for (const [path, versions] of this.#versions) {
      const newest = versions.findLastIndex((each) => each.revision <= this.#compacted);
      versions.splice(0, Math.max(0, newest));
      if (versions.length === 1 && versions[0]?.entry === null) {
        this.#versions.delete(path);
        this.#paths.splice(this.#place(path), 1);
      }
    }
  }

  #apply(operation: Operation): Change<unknown> {
    const { path } = operation;
    this.#leaseOf.delete(path);
    if (operation.type === 'delete') {
      if (this.get(path) !== null) this.#write(path, null);
      return { type: 'delete', path };
    }
    if (operation.lease !== undefined) this.#leaseOf.set(path, operation.lease);
    const entry = Object.freeze({
      path,
      value: asStored(operation.value),
      createRevision: this.get(path)?.createRevision ?? this.#revision,
      modRevision: this.#revision,
      ...(operation.lease === undefined ? {} : { lease: operation.lease }),
    });
    this.#write(path, entry);
    return { type: 'put', entry };
  }

  #write(path: string, entry: Entry<unknown> | null): void {
    const versions = this.#versions.get(path);
    const version = { revision: this.#revision, entry };
    if (versions !== undefined) {
      versions.push(version);
      return;
    }
    this.#versions.set(path, [version]);
    this.#paths.splice(this.#place(path), 0, path);
  }

  /** Of the first path that is not before it. */
  #place(path: string): number {
    let [low, high] = [0, this.#paths.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#paths[middle] as string) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** As JSON keeps it, and nobody who reads it can change it for others. */
function asStored(value: unknown): unknown {
  return frozen(JSON.parse(JSON.stringify(value)) as unknown);
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
