import { mkdir } from 'node:fs/promises';
import { Level } from 'level';

export interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Opaque: made by a table's `put` and `del`, carried out by `Tables.commit`. */
export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

const rowsAtOnce = 1_000;

/** Records of one kind by key, ordered by the keys' UTF-8 bytes. Values are JSON. */
export interface Table<T> {
  get(key: string): Promise<T | undefined>;
  range(range?: Range): AsyncGenerator<readonly [key: string, value: T], void, undefined>;
  put(key: string, value: T): Write;
  del(key: string): Write;
}

/**
 * What a region remembers, in one LevelDB directory. A commit is one batch: killed with -9, all of it
 * is there or nothing; it is not flushed to the disk's platter, so a power cut may lose the last ones.
 */
export class Tables {
  readonly #db: Level<string, unknown>;

  private constructor(db: Level<string, unknown>) {
    this.#db = db;
  }

  /** Throws what level throws, when another process holds the directory for one. */
  static async open(directory: string): Promise<Tables> {
    await mkdir(directory, { recursive: true });
    const db = new Level<string, unknown>(directory, { valueEncoding: 'json' });
    await db.open();
    return new Tables(db);
  }

  /** `name` must hold no `!`, and one name one kind of record. */
  table<T>(name: string): Table<T> {
    const db = this.#db;
    const prefix = `${name}!`;
    const end = `${name}"`;
    return {
      // What is small and mostly in memory is sooner there than a thread could be asked for it.
      get: (key) => Promise.resolve(db.getSync(prefix + key) as T | undefined),
      put: (key, value) => ({ type: 'put', key: prefix + key, value }),
      del: (key) => ({ type: 'del', key: prefix + key }),
      async *range({ gt, gte, lt, lte, ...rest } = {}) {
        const iterator = db.iterator({
          ...(gt === undefined ? { gte: prefix + (gte ?? '') } : { gt: prefix + gt }),
          ...(lte === undefined
            ? { lt: lt === undefined ? end : prefix + lt }
            : { lte: prefix + lte }),
          ...rest,
        });
        try {
          for (;;) {
            const rows = await iterator.nextv(rowsAtOnce);
            if (rows.length === 0) return;
            for (const [key, value] of rows) yield [key.slice(prefix.length), value as T];
          }
        } finally {
          await iterator.close();
        }
      },
    };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    await this.#db.batch([...writes]);
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}
