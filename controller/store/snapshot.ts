import { createHash } from 'node:crypto';
import { isoTime, type Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { formatOf, stateFormat } from './format.ts';
import { formatName, readSnapshot, type SnapshotEntry } from './snapshot-file.ts';
import { put, unchanged, type Entry, type Key, type Operation, type Store } from './store.ts';

/** What lies in the store while an import is under way, and after one that was broken off. */
interface ImportMark {
  readonly sha256: string;
  readonly keys: number;
}

export const importMark: Key<ImportMark> = Object.freeze({ path: 'import' });

const pageSize = 500;
/** Below what etcd takes in one transaction by default: 128 operations, 1.5 MiB. */
const batch = { operations: 100, characters: 512 * 1024 };

/**
 * The whole state as of one instant, line by line (see snapshot-file.ts), without what lives as long
 * as a lease: of either home, to be put into either home. Throws `store.compacted` where the store
 * forgets the instant meanwhile (begin again), and `snapshot.incomplete` of a store whose own import
 * was broken off.
 */
export async function* exportState(
  store: Store,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  await checkImported(store);
  const format = `${formatName}${(await formatOf(store)) ?? stateFormat}`;
  const sum = createHash('sha256');
  const line = (content: unknown): string => {
    const text = `${JSON.stringify(content)}\n`;
    sum.update(text);
    return text;
  };
  let count = 0;
  for await (const { entries, revision, isFirst } of pages(store, signal)) {
    if (isFirst) yield line({ format, revision, at: isoTime(clock.now()) });
    for (const { path, value, lease } of entries)
      if (lease === undefined) {
        count++;
        yield line({ path, value });
      }
  }
  yield `${JSON.stringify({ count, sha256: sum.digest('hex') })}\n`;
}

export interface ImportOptions {
  readonly signal: AbortSignal;
  /** Deletes what is there. Without it a store that holds anything is refused. */
  readonly replace?: boolean;
  /** Called once the mark is there, before anything else is changed: throws where somebody uses the state. */
  readonly begun?: () => Promise<void>;
}

/**
 * Puts an exported state into a store, once all of it was read and checked. Revisions are new.
 *
 * Killed, or failed: nothing was written, or `importMark` is there, without which no batch is written
 * and with which no controller serves (`checkImported`) or gets a lease; importing again begins by
 * deleting what is there. Two at once: one of them ends with `snapshot.contended`.
 */
export async function importState(
  lines: AsyncIterable<string>,
  store: Store,
  options: ImportOptions,
): Promise<{ readonly count: number; readonly revision: number }> {
  const { entries, sha256, revision } = await readSnapshot(lines);
  options.signal.throwIfAborted();
  const before = await store.get(importMark);
  if (before === null && options.replace !== true) await checkEmpty(store);
  const mark = put(importMark, { sha256, keys: entries.length });
  let compares = [unchanged(importMark, before)];
  const write = async (operations: readonly Operation[]): Promise<void> => {
    options.signal.throwIfAborted();
    const outcome = await store.transact(compares, operations);
    if (!outcome.committed) throw contended();
    compares = [{ path: importMark.path, modRevision: outcome.revision }];
  };
  await write([mark]);
  try {
    await options.begun?.();
  } catch (error) {
    if (before === null) await write([{ type: 'delete', path: importMark.path }]);
    throw error;
  }
  for (const paths of batches(await lasting(store, options.signal)))
    await write([mark, ...paths.map(({ path }) => ({ type: 'delete', path }) as const)]);
  for (const some of batches(entries))
    await write([mark, ...some.map(({ path, value }) => put({ path }, value))]);
  await write([{ type: 'delete', path: importMark.path }]);
  return { count: entries.length, revision };
}

/** Throws `snapshot.incomplete` when an import into the store was begun and not finished. */
export async function checkImported(store: Store): Promise<void> {
  const mark = await store.get(importMark);
  if (mark !== null) throw incomplete();
}

export function incomplete(): FarshoreError {
  return new FarshoreError('an import into the state is under way, or was broken off', {
    code: 'snapshot.incomplete',
    kind: 'permanent',
    operation: 'open state',
    hint: 'when none is under way, import the snapshot again: it begins anew',
  });
}

async function checkEmpty(store: Store): Promise<void> {
  for await (const { entries } of pages(store, new AbortController().signal)) {
    const found = entries.find(({ lease }) => lease === undefined);
    if (found !== undefined)
      throw new FarshoreError('the state holds something already', {
        code: 'snapshot.not-empty',
        kind: 'permanent',
        operation: 'import state',
        subject: found.path,
        hint: 'import into an empty state, or say that what is there is to be replaced',
      });
  }
}

/** What an import must delete first. */
async function lasting(store: Store, signal: AbortSignal): Promise<readonly SnapshotEntry[]> {
  const paths: SnapshotEntry[] = [];
  for await (const { entries } of pages(store, signal))
    for (const { path, lease } of entries)
      if (lease === undefined && path !== importMark.path) paths.push({ path, value: null });
  return paths;
}

interface StatePage {
  readonly entries: readonly Entry<unknown>[];
  readonly revision: number;
  readonly isFirst: boolean;
}

async function* pages(store: Store, signal: AbortSignal): AsyncGenerator<StatePage> {
  let from: { readonly after?: string; readonly revision?: number } = {};
  for (let isFirst = true, hasMore = true; hasMore; isFirst = false) {
    signal.throwIfAborted();
    const page = await store.page<unknown>({ path: '' }, { limit: pageSize, ...from });
    yield { ...page, isFirst };
    const after = page.entries.at(-1)?.path;
    hasMore = page.hasMore && after !== undefined;
    if (after !== undefined) from = { after, revision: page.revision };
  }
}

function* batches(entries: readonly SnapshotEntry[]): Generator<readonly SnapshotEntry[]> {
  let some: SnapshotEntry[] = [];
  let characters = 0;
  for (const entry of entries) {
    const size = entry.path.length + JSON.stringify(entry.value).length;
    const isFull = some.length >= batch.operations || characters + size > batch.characters;
    if (some.length > 0 && isFull) {
      yield some;
      some = [];
      characters = 0;
    }
    some.push(entry);
    characters += size;
  }
  if (some.length > 0) yield some;
}

function contended(): FarshoreError {
  return new FarshoreError('another import into the same state is under way', {
    code: 'snapshot.contended',
    kind: 'permanent',
    operation: 'import state',
    hint: 'let one import end, then look at what is there',
  });
}
