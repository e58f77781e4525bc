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
}

/** Holds when the key was last written at `modRevision`; 0: when it does not exist. */
export interface Compare {
  readonly path: string;
  readonly modRevision: number;
}

export type Operation =
  | { readonly type: 'put'; readonly path: string; readonly value: unknown }
  | { readonly type: 'delete'; readonly path: string };

export type Outcome =
  { readonly committed: true; readonly revision: number } | { readonly committed: false };

/**
 * The controller's small state: revisioned keys holding JSON. The shape is etcd's (one revision for
 * the whole store, rising with every transaction that writes), so that a replicated home can take the
 * place of a local one; watching from a revision and leases come with it.
 *
 * Errors: `store.in-use`, `store.unwritable`, `store.failed` (fatal: the outcome of the write under
 * way is unknown, the process must start again), `store.corrupt`.
 */
export interface Store {
  get<T>(key: Key<T>): Promise<Entry<T> | null>;
  /** All keys below the prefix in byte order, as of one instant. */
  range<T>(prefix: Key<T>): Promise<readonly Entry<T>[]>;
  /**
   * All operations when every compare holds, else none. Resolves with `committed: true` only when
   * it is on disk. Of a process killed before that, it happened whole or not at all.
   */
  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome>;
  close(): Promise<void>;
}

export function put<T>(key: Key<T>, value: T): Operation {
  return { type: 'put', path: key.path, value };
}

export function remove(key: Key<unknown>): Operation {
  return { type: 'delete', path: key.path };
}

/** The key is still what was read: the same revision, or still absent. */
export function unchanged<T>(key: Key<T>, entry: Entry<T> | null): Compare {
  return { path: key.path, modRevision: entry?.modRevision ?? 0 };
}
