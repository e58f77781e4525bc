/** Where a value of type T lives: printable ASCII, parts parted by `/`. Made by state/keys.ts. */
export interface Key<T> {
  readonly path: string;
  /** Never set: ties the type of the value to the key. */
  readonly value?: T;
}

export interface Entry<T> {
  readonly path: string;
  readonly value: T;
  /** Store revision at which the key was created, and last written. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** Id of the lease that it lives as long as; absent: for ever. */
  readonly lease?: string;
}

/** Holds when the key was last written at `modRevision`; 0: when it does not exist. */
export interface Compare {
  readonly path: string;
  readonly modRevision: number;
}

export type Operation =
  | {
      readonly type: 'put';
      readonly path: string;
      readonly value: unknown;
      /** Id of the lease that the key lives as long as; absent: for ever. */
      readonly lease?: string;
    }
  | { readonly type: 'delete'; readonly path: string };

export type Outcome =
  { readonly committed: true; readonly revision: number } | { readonly committed: false };

/**
 * `linearizable`: includes every transaction that was acknowledged, by whomever, before the read
 * began. `local`: from the nearest copy, without asking the others: it answers without a quorum, and
 * may lag. Several local reads in a row never go back in time as long as one copy answers them.
 */
export type Consistency = 'linearizable' | 'local';

export interface ReadOptions {
  /** `linearizable` unless given: what is decided on a read must not be decided on an old one. */
  readonly consistency?: Consistency;
}

export interface PageOptions extends ReadOptions {
  readonly limit: number;
  /** The path of the last entry of the page before. */
  readonly after?: string;
  /** That of the first page, so that all pages show one instant; absent: now. */
  readonly revision?: number;
}

export interface Page<T> {
  readonly entries: readonly Entry<T>[];
  /** Of the whole store at the instant that the page shows: watching goes on from the one after it. */
  readonly revision: number;
  readonly hasMore: boolean;
}

export type Change<T> =
  | { readonly type: 'put'; readonly entry: Entry<T> }
  | { readonly type: 'delete'; readonly path: string };

/** All changes below a watched prefix that one transaction made. */
export interface Transaction<T> {
  readonly revision: number;
  readonly changes: readonly Change<T>[];
}

/**
 * Keys that were put under a lease are deleted when it ends: because it was revoked, or because this
 * process did not keep it alive for its time to live. It is kept alive from here, without being asked.
 */
export interface Lease {
  readonly id: string;
  /**
   * True as long as nobody else can have been given what the lease stands for. Reckoned on this
   * process's own monotonic clock from before the last renewal that succeeded was sent, and with a
   * margin: false well before the store can have ended the lease.
   */
  isHeld(): boolean;
  /** Aborts, with a `store.lease-lost`, when `isHeld` turns false, or it was revoked. Never revives. */
  readonly lost: AbortSignal;
  /** Deletes its keys now, as far as the store can be reached: else they go when its time is over. */
  revoke(): Promise<void>;
}

export interface StoreHealth {
  /** Milliseconds since this process last saw that a majority answered; 0 where there is one home only. */
  readonly quorumAgeMs: number;
  /** False once writes and linearizable reads are not to be expected to go through. */
  readonly hasQuorum: boolean;
}

/**
 * The controllers' small state: revisioned keys holding JSON. The shape is etcd's: one revision for
 * the whole store, rising with every transaction that writes, compare-and-transact, watching from a
 * revision, leases. `LevelStore` is the home of a single controller, `EtcdStore` that of several.
 *
 * Errors: `store.in-use`, `store.unwritable`, `store.failed` (fatal: the outcome of the write under
 * way is unknown, the process must start again), `store.corrupt`, `store.bad-key`;
 * `store.unavailable` (transient: no majority answers; of a transaction: it did not happen),
 * `store.outcome-unknown` (transient: no majority answered in time, it may happen yet or have
 * happened), `store.compacted` (permanent: that revision is forgotten, list again),
 * `store.lease-lost` (transient: a put under a lease that has ended; nothing was written),
 * `store.bad-transaction`, `store.too-large` and `store.denied` (permanent, nothing was written),
 * `store.full` (transient, nothing was written: etcd's space), `store.closed`.
 */
export interface Store {
  get<T>(key: Key<T>, options?: ReadOptions): Promise<Entry<T> | null>;
  /** All keys below the prefix in byte order, as of one instant, however many. */
  range<T>(prefix: Key<T>, options?: ReadOptions): Promise<readonly Entry<T>[]>;
  /** Part of a range. Throws `store.compacted` where `revision` is forgotten. */
  page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>>;
  /**
   * All operations when every compare holds, else none; no path twice. Resolves with
   * `committed: true` only when it is on disk (with several homes: on those of a majority). Happens
   * at most once, however often it had to be sent. Of a process killed before the answer, it
   * happened whole or not at all.
   */
  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome>;
  /**
   * Every transaction from `fromRevision` on that touched the prefix, in order, none left out, as
   * long as it is iterated; ends without an error when `signal` aborts. Outlasts lost connections.
   * Throws `store.compacted`: list again, and watch from there.
   */
  watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>>;
  /** A new lease. Throws `store.unavailable`. */
  lease(ttlMs: number): Promise<Lease>;
  health(): StoreHealth;
  close(): Promise<void>;
}

export function put<T>(key: Key<T>, value: T, lease?: Pick<Lease, 'id'>): Operation {
  return {
    type: 'put',
    path: key.path,
    value,
    ...(lease === undefined ? {} : { lease: lease.id }),
  };
}

export function remove(key: Key<unknown>): Operation {
  return { type: 'delete', path: key.path };
}

/** The key is still what was read: the same revision, or still absent. */
export function unchanged<T>(key: Key<T>, entry: Entry<T> | null): Compare {
  return { path: key.path, modRevision: entry?.modRevision ?? 0 };
}
