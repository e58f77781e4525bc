import { mkdir } from 'node:fs/promises';
import { Level } from 'level';
import { FarshoreError } from '../../kernel/errors.ts';
import { openError, readError, writeError } from './level-errors.ts';
import { decodeRecord, encodeRecord, type StoredRecord } from './record.ts';
import type { Compare, Entry, Key, Operation, Outcome, Store } from './store.ts';

type Row =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** Keys of entries begin with this; the store's own do not. */
const entries = 'k/';
const revisionKey = 'revision';

/**
 * The store of a single controller, on LevelDB in one local directory that one process holds open.
 *
 * Every transaction is one batch written with fdatasync (`sync`), after all compares were read, with
 * no other writer in between: writes stand in one line. Killed before the batch is on disk: nothing
 * of it is there; after: all of it is, acknowledged or not, and whoever asks again compares anew.
 * A write that fails (full disk) ends the store for this process: its outcome is known only to the
 * log, which LevelDB reads at the next opening.
 */
export class LevelStore implements Store {
  readonly #directory: string;
  readonly #level: Level;
  readonly #onFailure: (error: FarshoreError) => void;
  #revision: number;
  #writes: Promise<unknown> = Promise.resolve();
  #failure: FarshoreError | undefined;

  private constructor(
    directory: string,
    level: Level,
    revision: number,
    onFailure: (error: FarshoreError) => void,
  ) {
    this.#directory = directory;
    this.#level = level;
    this.#revision = revision;
    this.#onFailure = onFailure;
  }

  /** `onFailure` hears once of the write that ended the store. */
  static async open(
    directory: string,
    onFailure: (error: FarshoreError) => void = () => undefined,
  ): Promise<LevelStore> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const level = new Level(directory);
      await level.open();
      const text = await read(level, revisionKey);
      const revision = text === undefined ? 0 : decodeRecord(revisionKey, text).modRevision;
      return new LevelStore(directory, level, revision, onFailure);
    } catch (error) {
      throw error instanceof FarshoreError ? error : openError(directory, error);
    }
  }

  async get<T>(key: Key<T>): Promise<Entry<T> | null> {
    const record = await this.#read(key.path);
    return record === null ? null : entry<T>(key.path, record);
  }

  async range<T>(prefix: Key<T>): Promise<readonly Entry<T>[]> {
    const from = entries + prefix.path;
    // Keys are ASCII, so that nothing below the prefix sorts after this.
    const bounds = { gte: from, lt: `${from}\u007f` };
    let rows: [string, string][];
    try {
      rows = await this.#level.iterator(bounds).all();
    } catch (error) {
      throw readError(this.#directory, prefix.path, error);
    }
    return rows.map(([stored, text]) => {
      const path = stored.slice(entries.length);
      return entry<T>(path, decodeRecord(path, text));
    });
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    const mine = this.#writes.then(() => this.#commit(compares, operations));
    // The line goes on whatever became of this one, of which its caller hears.
    this.#writes = mine.catch(() => undefined);
    return mine;
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    await this.#writes;
    await this.#level.close();
  }

  async #commit(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const { path, modRevision } of compares)
      if (((await this.#read(path))?.modRevision ?? 0) !== modRevision) return { committed: false };
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    const revision = this.#revision + 1;
    const batch: Row[] = [];
    for (const operation of operations) batch.push(await this.#row(operation, revision));
    const counter = { createRevision: 1, modRevision: revision, value: null };
    batch.push({ type: 'put', key: revisionKey, value: encodeRecord(counter) });
    try {
      await this.#level.batch(batch, { sync: true });
    } catch (error) {
      this.#failure = writeError(this.#directory, error);
      this.#onFailure(this.#failure);
      throw this.#failure;
    }
    this.#revision = revision;
    return { committed: true, revision };
  }

  async #row(operation: Operation, revision: number): Promise<Row> {
    const key = entries + checkPath(operation.path);
    if (operation.type === 'delete') return { type: 'del', key };
    const createRevision = (await this.#read(operation.path))?.createRevision ?? revision;
    const record = { createRevision, modRevision: revision, value: operation.value };
    return { type: 'put', key, value: encodeRecord(record) };
  }

  async #read(path: string): Promise<StoredRecord | null> {
    let text: string | undefined;
    try {
      text = await read(this.#level, entries + path);
    } catch (error) {
      throw readError(this.#directory, path, error);
    }
    return text === undefined ? null : decodeRecord(path, text);
  }
}

/** Level's types say that a missing key gives a string; it gives undefined. */
function read(level: Level, key: string): Promise<string | undefined> {
  return level.get(key);
}

function entry<T>(path: string, record: StoredRecord): Entry<T> {
  const { createRevision, modRevision } = record;
  // The key names the type of what its writers put; the checksum proves that it is what they put.
  return { path, value: record.value as T, createRevision, modRevision };
}

/** A key that breaks the ordering would lose data silently: refuse it where it is written. */
function checkPath(path: string): string {
  if (!/^[\x21-\x7e]+$/.test(path))
    throw new FarshoreError('a key holds other than printable ASCII characters', {
      code: 'store.bad-key',
      kind: 'permanent',
      operation: 'write state',
      subject: JSON.stringify(path),
    });
  return path;
}
