import type { Lease, Operation } from './store.ts';
import { leaseLost } from './store-errors.ts';

interface Granted {
  readonly ended: AbortController;
  readonly paths: Set<string>;
}

/**
 * The leases of a store that only this process can have open: nobody else can be given what they
 * stand for, so that they are held until they are revoked or the store is closed.
 */
export class LocalLeases {
  readonly #granted = new Map<string, Granted>();
  readonly #leaseOf = new Map<string, string>();
  readonly #name: string;
  #count = 0;

  /** `name` tells the leases of this opening from those of others. */
  constructor(name: string) {
    this.#name = name;
  }

  /** `revoke` deletes the keys of the lease, which has ended by then. */
  grant(revoke: (id: string) => Promise<void>): Lease {
    const id = `${this.#name}-${++this.#count}`;
    const ended = new AbortController();
    this.#granted.set(id, { ended, paths: new Set() });
    return Object.freeze({
      id,
      isHeld: () => !ended.signal.aborted,
      lost: ended.signal,
      revoke: () => {
        this.end(id);
        return revoke(id);
      },
    });
  }

  /** Throws `store.lease-lost` for a put under a lease that is not held. */
  check(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const id = leaseOf(operation);
      if (id !== undefined && this.#granted.get(id)?.ended.signal.aborted !== false)
        throw leaseLost(id);
    }
  }

  /** Id of the lease that the key is under. */
  of(path: string): string | undefined {
    return this.#leaseOf.get(path);
  }

  /** Once it is on disk. A put without a lease takes the key out of the one it was under. */
  record(operation: Operation): void {
    const { path } = operation;
    const before = this.#leaseOf.get(path);
    if (before !== undefined) this.#granted.get(before)?.paths.delete(path);
    const id = leaseOf(operation);
    if (id === undefined) {
      this.#leaseOf.delete(path);
      return;
    }
    this.#leaseOf.set(path, id);
    this.#granted.get(id)?.paths.add(path);
  }

  /** What is left to delete of a lease that has ended. */
  removals(id: string): readonly Operation[] {
    return [...(this.#granted.get(id)?.paths ?? [])].map((path) => ({ type: 'delete', path }));
  }

  /** Nobody can put under it any more; those who hold it hear. */
  end(id: string): void {
    this.#granted.get(id)?.ended.abort(leaseLost(id));
  }

  /** Its keys were deleted. */
  forget(id: string): void {
    this.#granted.delete(id);
  }

  ids(): readonly string[] {
    return [...this.#granted.keys()];
  }

  endAll(): void {
    for (const id of this.ids()) this.end(id);
  }
}

export function leaseOf(operation: Operation): string | undefined {
  return operation.type === 'put' ? operation.lease : undefined;
}
