import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { keys } from '../../state/keys.ts';
import type { GroupHead } from '../../state/records.ts';
import { auditOf } from '../../state/audit.ts';
import { importState } from '../../store/snapshot.ts';
import { readSnapshot } from '../../store/snapshot-file.ts';
import { put, type Store, unchanged } from '../../store/store.ts';
import { clusterKeys } from '../keys.ts';
import { forImport } from './of-users.ts';

/** What an operator must know before putting it back: an old snapshot may name an old primary. */
export interface SnapshotSummary {
  readonly file: string;
  readonly at: string;
  readonly keys: number;
  readonly groups: readonly {
    readonly group: string;
    readonly primary: string;
    readonly generation: number;
  }[];
}

/** Throws `snapshot.altered` and `snapshot.unreadable`. */
export async function summarize(file: string): Promise<SnapshotSummary> {
  const { at, entries } = await readSnapshot(linesOf(file));
  const prefix = keys.head().path;
  const groups = entries
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, value }) => {
      const { primary, generation } = value as GroupHead;
      return { group: path.slice(prefix.length), primary, generation };
    });
  return { file, at, keys: entries.length, groups };
}

export interface RestoreOptions {
  readonly file: string;
  readonly store: Store;
  readonly site: string;
  /** Deletes what is there; without it, only into an empty state. */
  readonly replace: boolean;
  readonly ambient: Ambient;
  readonly signal: AbortSignal;
}

/**
 * Puts a snapshot back, with no controller running. Killed: no controller serves until it was done
 * again. What concerns the cluster itself, and audit records, stay. Throws `raft.controllers-run`
 * and what `importState` does.
 */
export async function restore(options: RestoreOptions): Promise<{ readonly count: number }> {
  const { file, store, site, replace, ambient, signal } = options;
  const begun = () => checkUnused(store);
  await begun();
  const { count } = await importState(linesOf(file), forImport(store), { signal, replace, begun });
  const ready = await store.get(clusterKeys.ready);
  const at = isoTime(ambient.clock.now());
  const details = { keys: count, replace };
  const reason = 'ordered at the command line';
  const audit = auditOf(ambient, { action: 'raft.restore', subject: file, reason, details, site });
  await store.transact(
    [unchanged(clusterKeys.ready, ready)],
    [...(ready === null ? [put(clusterKeys.ready, { at, site, from: 'snapshot' })] : []), audit],
  );
  return { count };
}

/** Asked also once the import's mark is there, with which no more of them can come. */
async function checkUnused(store: Store): Promise<void> {
  const running = await store.range(keys.controller());
  if (running.length === 0) return;
  throw new FarshoreError('controllers use the state', {
    code: 'raft.controllers-run',
    kind: 'permanent',
    operation: 'restore snapshot',
    subject: running.map(({ value }) => value.site).join(', '),
    hint: 'stop them, and run farshore raft member at a majority of the sites meanwhile; one that was killed is gone after ten seconds',
  });
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FarshoreError('the file cannot be read', {
      code: 'snapshot.unreadable',
      kind: 'permanent',
      operation: 'read snapshot',
      subject: file,
      cause: error,
    });
  } finally {
    input.destroy();
  }
}
