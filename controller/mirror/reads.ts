import { FarshoreError } from '../../kernel/errors.ts';
import type { Consistency, Entry, Key, ReadOptions, Store } from '../store/store.ts';
import { listAll } from './list-all.ts';
import type { OwnWrites } from './own-writes.ts';

interface Found<T> {
  readonly entries: readonly Entry<T>[];
  readonly revision: number;
}

/**
 * Reads of what is not in memory, for users: local unless asked otherwise, so that they are answered
 * without a quorum, and yet with everything that this process wrote before. Where the nearest copy
 * does not have that yet, a majority is asked; and where none answers either, the copy's answer holds.
 */
export class Reads {
  readonly #store: Pick<Store, 'page'>;
  readonly #writes: OwnWrites;

  constructor(store: Pick<Store, 'page'>, writes: OwnWrites) {
    this.#store = store;
    this.#writes = writes;
  }

  async get<T>(key: Key<T>, options: ReadOptions = {}): Promise<Entry<T> | null> {
    // A page tells the revision of the copy; the key itself comes before all that begin with it.
    const one = (consistency: Consistency) => this.#store.page(key, { limit: 1, consistency });
    const [entry] = (await this.#read(key, options, one)).entries;
    return entry?.path === key.path ? entry : null;
  }

  async range<T>(prefix: Key<T>, options: ReadOptions = {}): Promise<readonly Entry<T>[]> {
    const all = (consistency: Consistency) => listAll(this.#store, prefix, consistency);
    return (await this.#read(prefix, options, all)).entries;
  }

  async #read<T>(
    key: Key<T>,
    { consistency = 'local' }: ReadOptions,
    read: (consistency: Consistency) => Promise<Found<T>>,
  ): Promise<Found<T>> {
    const found = await read(consistency);
    if (consistency === 'linearizable' || found.revision >= this.#writes.newest(key.path))
      return found;
    try {
      return await read('linearizable');
    } catch (error) {
      if (error instanceof FarshoreError && error.code === 'store.unavailable') return found;
      throw error;
    }
  }
}
