import type { Key } from '../store/store.ts';

/** One kind of entries, by key: the state in memory, or a reading of it. */
export interface Table<T> {
  get(key: Key<T>): T | undefined;
  modRevisionOf(key: Key<T>): number | undefined;
  /** In no order. */
  values(): Iterable<T>;
}
