import { decodeRecord } from './record.ts';
import type { Change, Transaction } from './store.ts';
import { compacted, storeClosed } from './store-errors.ts';

/** What one operation left under its key: its record, or nothing. */
export interface Written {
  readonly path: string;
  readonly record: string | null;
}

/** Whichever is reached first; what is older is forgotten. */
const limits = { transactions: 10_000, characters: 32 * 1024 * 1024 };

interface Limits {
  readonly transactions: number;
  readonly characters: number;
}

/**
 * The newest transactions of a store that only this process writes, for those who watch it: kept in
 * memory alone, so that nothing from before the opening can be watched. Watchers read from here at
 * their own pace; one that falls behind what is kept gets `store.compacted`, and holds nothing up.
 */
export class History {
  readonly #limits: Limits;
  readonly #kept: (readonly Written[])[] = [];
  readonly #waiting = new Set<() => void>();
  /** Revision of the oldest one that is kept; transactions count one each. */
  #first: number;
  #characters = 0;
  #end: { readonly error: Error } | undefined;

  constructor(revision: number, most: Limits = limits) {
    this.#first = revision + 1;
    this.#limits = most;
  }

  /** The transaction of the next revision, once it is on disk. */
  add(written: readonly Written[]): void {
    this.#kept.push(written);
    this.#characters += sizeOf(written);
    while (this.#isOver()) {
      this.#characters -= sizeOf(this.#kept.shift() ?? []);
      this.#first++;
    }
    this.#wake();
  }

  /** Watchers get what is kept, and then the error. */
  close(error: Error = storeClosed('watch state')): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *watch<T>(
    prefix: string,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncGenerator<Transaction<T>, void> {
    let revision = Math.max(1, fromRevision);
    while (!signal.aborted) {
      if (revision < this.#first) throw compacted('watch state', prefix, revision);
      const written = this.#kept[revision - this.#first];
      if (written === undefined) {
        if (this.#end !== undefined) throw this.#end.error;
        await this.#moved(signal);
        continue;
      }
      const changes = written
        .filter(({ path }) => path.startsWith(prefix))
        .map((one) => changeOf<T>(one));
      if (changes.length > 0) yield { revision, changes };
      revision++;
    }
  }

  #isOver(): boolean {
    const { transactions, characters } = this.#limits;
    return this.#kept.length > transactions || this.#characters > characters;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #moved(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

function changeOf<T>({ path, record }: Written): Change<T> {
  if (record === null) return { type: 'delete', path };
  // Each watcher gets a copy of its own, as from a read.
  const stored = decodeRecord(path, record);
  return { type: 'put', entry: { path, ...stored, value: stored.value as T } };
}

function sizeOf(written: readonly Written[]): number {
  return written.reduce((sum, { path, record }) => sum + path.length + (record?.length ?? 0), 0);
}
