import { mkdir } from 'node:fs/promises';
import { Level } from 'level';
import { FarshoreError } from '../../kernel/errors.ts';
import { openError, readError, writeError } from './level-errors.ts';
import { checkTransaction } from './check-transaction.ts';
import { History, type Written } from './history.ts';
import { LevelSnapshots } from './level-snapshots.ts';
import { leaseOf, LocalLeases } from './local-leases.ts';
import { decodeRecord, encodeRecord, type StoredRecord } from './record.ts';
import type {
  Compare,
  Entry,
  Key,
  Lease,
  Operation,
  Outcome,
  Page,
  PageOptions,
  Store,
  StoreHealth,
  Transaction,
} from './store.ts';
import { compacted, storeClosed } from './store-errors.ts';

type Row =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

type Snapshot = ReturnType<Level['snapshot']>;

/** Keys of entries begin with the first; the second is followed by the path of each that has a lease. */
const entries = 'k/';
const leased = 'l/';
const revisionKey = 'revision';

/**
 * The store of a single controller, on LevelDB in one local directory that one process holds open.
 *
 * Every transaction is one batch written with fdatasync (`sync`), after all compares were read, with
 * no other writer in between: writes stand in one line. Killed before the batch is on disk: nothing
 * of it is there; after: all of it is, acknowledged or not, and whoever asks again compares anew.
 * A write that fails (full disk) ends the store for this process: its outcome is known only to the
 * log, which LevelDB reads at the next opening.
 *
 * A process that has it open is the only one that can hold a lease: the keys under leases of an
 * earlier one are deleted at the opening, before anything else, in a batch of its own. Watching and
 * further pages are from memory: neither outlasts the process.
 */
export class LevelStore implements Store {
  readonly #directory: string;
  readonly #level: Level;
  readonly #onFailure: (error: FarshoreError) => void;
  readonly #history: History;
  readonly #leases: LocalLeases;
  readonly #snapshots = new LevelSnapshots();
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
    this.#history = new History(revision);
    this.#leases = new LocalLeases(String(revision));
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
      const revision = await endEarlierLeases(level, await revisionOf(level));
      return new LevelStore(directory, level, revision, onFailure);
    } catch (error) {
      throw error instanceof FarshoreError ? error : openError(directory, error);
    }
  }

  async get<T>(key: Key<T>): Promise<Entry<T> | null> {
    const record = await this.#read(key.path);
    return record === null ? null : entry<T>(key.path, record);
  }

  range<T>(prefix: Key<T>): Promise<readonly Entry<T>[]> {
    return this.#entries<T>(prefix.path, {});
  }

  async page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> {
    const { limit, after, revision } = options;
    const kept = revision === undefined ? undefined : this.#snapshots.get(revision);
    const snapshot = kept ?? this.#level.snapshot();
    try {
      const shown = await revisionOf(this.#level, snapshot);
      if (revision !== undefined && shown !== revision)
        throw compacted('read state', prefix.path, revision);
      const found = await this.#entries<T>(prefix.path, {
        snapshot,
        // One more than asked for tells whether there are more.
        limit: limit + 1,
        after,
      });
      const hasMore = found.length > limit;
      if (kept === undefined && hasMore) await this.#snapshots.keep(shown, snapshot);
      else if (kept === undefined) await snapshot.close();
      return { entries: found.slice(0, limit), revision: shown, hasMore };
    } catch (error) {
      if (kept === undefined) await snapshot.close();
      throw error;
    }
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    return this.#inLine(() => {
      checkTransaction(operations);
      return this.#commit(compares, operations);
    });
  }

  watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>> {
    return this.#history.watch<T>(prefix.path, fromRevision, signal);
  }

  lease(): Promise<Lease> {
    const lease = this.#leases.grant((id) =>
      this.#inLine(async () => {
        await this.#commit([], this.#leases.removals(id));
        this.#leases.forget(id);
      }),
    );
    return Promise.resolve(lease);
  }

  health(): StoreHealth {
    return { quorumAgeMs: 0, hasQuorum: this.#failure === undefined };
  }

  /** Waits for the writes under way. The keys of leases stay until the next opening. */
  async close(): Promise<void> {
    this.#leases.endAll();
    await this.#writes;
    this.#failure ??= storeClosed('write state');
    this.#history.close();
    await this.#level.close();
  }

  #inLine<R>(write: () => Promise<R>): Promise<R> {
    const mine = this.#writes.then(write);
    // The line goes on whatever became of this one, of which its caller hears.
    this.#writes = mine.catch(() => undefined);
    return mine;
  }

  async #commit(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const { path, modRevision } of compares)
      if (((await this.#read(path))?.modRevision ?? 0) !== modRevision) return { committed: false };
    this.#leases.check(operations);
    if (operations.length === 0) return { committed: true, revision: this.#revision };
    const revision = this.#revision + 1;
    const written: Written[] = [];
    for (const operation of operations) written.push(await this.#written(operation, revision));
    const batch = [...rowsOf(written), ...this.#leaseRows(operations), revisionRow(revision)];
    try {
      await this.#level.batch(batch, { sync: true });
    } catch (error) {
      this.#failure = writeError(this.#directory, error);
      this.#history.close(this.#failure);
      this.#onFailure(this.#failure);
      throw this.#failure;
    }
    this.#revision = revision;
    for (const operation of operations) this.#leases.record(operation);
    this.#history.add(written);
    await this.#snapshots.forget(revision);
    return { committed: true, revision };
  }

  async #written(operation: Operation, revision: number): Promise<Written> {
    const { path } = operation;
    if (operation.type === 'delete') return { path, record: null };
    const createRevision = (await this.#read(path))?.createRevision ?? revision;
    const { value, lease } = operation;
    const held = lease === undefined ? {} : { lease };
    const record = { createRevision, modRevision: revision, value, ...held };
    return { path, record: encodeRecord(record) };
  }

  /** So that the next process knows which keys to delete. */
  #leaseRows(operations: readonly Operation[]): readonly Row[] {
    return operations.flatMap((operation): readonly Row[] => {
      const key = leased + operation.path;
      const lease = leaseOf(operation);
      if (lease !== undefined) return [{ type: 'put', key, value: lease }];
      return this.#leases.of(operation.path) !== undefined ? [{ type: 'del', key }] : [];
    });
  }

  async #entries<T>(prefix: string, options: RangeOptions): Promise<readonly Entry<T>[]> {
    const { after, ...rest } = options;
    const from = entries + prefix;
    const start = after === undefined ? { gte: from } : { gt: entries + after };
    // Keys are ASCII, so that nothing below the prefix sorts after this.
    const bounds = { ...start, lt: `${from}\u007f`, ...rest };
    let rows: [string, string][];
    try {
      rows = await this.#level.iterator(bounds).all();
    } catch (error) {
      throw readError(this.#directory, prefix, error);
    }
    return rows.map(([stored, text]) => {
      const path = stored.slice(entries.length);
      return entry<T>(path, decodeRecord(path, text));
    });
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

interface RangeOptions {
  readonly snapshot?: Snapshot;
  readonly limit?: number;
  readonly after?: string | undefined;
}

/** The process that held them has ended, however it ended. Killed before the batch is on disk: again. */
async function endEarlierLeases(level: Level, revision: number): Promise<number> {
  const held = await level.keys({ gte: leased, lt: `${leased}\u007f` }).all();
  if (held.length === 0) return revision;
  const batch = held.flatMap((key): readonly Row[] => [
    { type: 'del', key },
    { type: 'del', key: entries + key.slice(leased.length) },
  ]);
  await level.batch([...batch, revisionRow(revision + 1)], { sync: true });
  return revision + 1;
}

async function revisionOf(level: Level, snapshot?: Snapshot): Promise<number> {
  const text = await read(level, revisionKey, snapshot);
  return text === undefined ? 0 : decodeRecord(revisionKey, text).modRevision;
}

function revisionRow(revision: number): Row {
  const counter = { createRevision: 1, modRevision: revision, value: null };
  return { type: 'put', key: revisionKey, value: encodeRecord(counter) };
}

function rowsOf(written: readonly Written[]): readonly Row[] {
  return written.map(({ path, record }) => {
    const key = entries + path;
    return record === null ? { type: 'del', key } : { type: 'put', key, value: record };
  });
}

/** Level's types say that a missing key gives a string; it gives undefined. */
function read(level: Level, key: string, snapshot?: Snapshot): Promise<string | undefined> {
  return snapshot === undefined ? level.get(key) : level.get(key, { snapshot });
}

function entry<T>(path: string, record: StoredRecord): Entry<T> {
  // The key names the type of what its writers put; the checksum proves that it is what they put.
  return { path, ...record, value: record.value as T };
}
