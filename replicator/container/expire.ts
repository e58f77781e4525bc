import type { Ambient } from '../../kernel/ambient.ts';
import type { ListingRow } from '../../regions/object-store/types.ts';
import type { CatalogRef } from '../bank/bank.ts';
import type { TargetContext } from '../mover.ts';
import { parallel } from '../transfer/parallel.ts';
import { isLostCatalog } from './catalog/lost.ts';
import { mergeByName } from './catalog/merge.ts';
import { catalogRows, isDeleteMarker, versionOf, type CatalogRow } from './catalog/row.ts';
import { removeContainer } from './removal.ts';
import { isOwnLive } from './ship/mirror.ts';
import type { ContainerCopy, MirrorCopy } from './types.ts';

const deletionsAtOnce = 12;

/**
 * Deletes from the mirrors of the dropped copies what no kept copy names.
 *
 * The rule: a version that a kept catalog names is never deleted. Of the others go those that a dropped
 * catalog names, and those older than the newest version that any kept catalog names (left by sessions
 * that were given up, by restores, by hand): what is newer may belong to a session whose point is not
 * committed yet. Delete markers go always, since what they hide is hidden by the missing link already.
 *
 * All kept catalogs are read and proven by the bank before the first deletion, and one that cannot be
 * read ends it all. Killed anywhere: fewer versions are left to delete; called again with the same
 * copies it ends in the same state. A mirror that no kept copy knows goes as a whole.
 */
export async function expireCopies(
  dropped: readonly ContainerCopy[],
  kept: readonly ContainerCopy[],
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  const droppedByMirror = byMirror(dropped);
  const keptByMirror = byMirror(kept);
  for (const [mirror, catalogs] of droppedByMirror) {
    const found = await at.target.objectStore.headContainer(mirror, at.signal);
    if (found === null) continue;
    // The users' now: its versions are theirs to keep or delete.
    if (isOwnLive(found, at)) continue;
    const keptCatalogs = keptByMirror.get(mirror);
    if (keptCatalogs === undefined) await removeContainer(mirror, at, ambient);
    else await expireVersions(mirror, catalogs, keptCatalogs, at);
  }
}

type Catalogs = ReadonlyMap<string, CatalogRef>;

/** Copies of an unchanged container share a catalog: each is read once. */
function byMirror(copies: readonly ContainerCopy[]): ReadonlyMap<string, Catalogs> {
  const mirrors = new Map<string, Map<string, CatalogRef>>();
  const all: readonly MirrorCopy[] = copies.flatMap((copy) => [copy, ...copy.segments]);
  for (const { mirror, catalog } of all) {
    const catalogs = mirrors.get(mirror) ?? new Map<string, CatalogRef>();
    catalogs.set(catalog.sha256, catalog);
    mirrors.set(mirror, catalogs);
  }
  return mirrors;
}

async function expireVersions(
  mirror: string,
  dropped: Catalogs,
  kept: Catalogs,
  at: TargetContext,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  const onlyDropped = [...dropped.values()].filter(({ sha256 }) => !kept.has(sha256));
  const open = (catalog: CatalogRef) => catalogRows(at.bank.readCatalog(catalog, signal));
  const newestKept = await newestVersion([...kept.values()].map(open));
  const merged = mergeByName<[ListingRow, ...CatalogRow[]]>(
    store.list(mirror, { versions: true, signal }),
    ...[...kept.values()].map(open),
    ...onlyDropped.map((catalog) => orNothing(open(catalog))),
  );
  await parallel(merged, deletionsAtOnce, signal, async ({ name, groups }, inner) => {
    const [listed, ...rows] = groups;
    const keptHere = versionsIn(rows.slice(0, kept.size));
    const droppedHere = versionsIn(rows.slice(kept.size));
    for (const row of listed) {
      const version = versionOf(row);
      if (version === undefined || version === 'null' || keptHere.has(version)) continue;
      const isOld = compareVersions(version, newestKept) < 0;
      if (droppedHere.has(version) || isOld || isDeleteMarker(row))
        await store.delete(mirror, name, { versionId: version, signal: inner });
    }
  });
}

/** A dropped catalog may be swept already when an expiry that was cut off is run again. */
async function* orNothing(rows: AsyncIterable<CatalogRow>): AsyncGenerator<CatalogRow> {
  try {
    yield* rows;
  } catch (error) {
    if (!isLostCatalog(error)) throw error;
  }
}

function versionsIn(groups: readonly (readonly CatalogRow[])[]): ReadonlySet<string> {
  return new Set(groups.flat().map((row) => row.version));
}

async function newestVersion(catalogs: readonly AsyncIterable<CatalogRow>[]): Promise<string> {
  let newest = '0';
  for (const rows of catalogs)
    for await (const { version } of rows)
      if (compareVersions(version, newest) > 0) newest = version;
  return newest;
}

/** Versions are Swift's timestamps, `1795252330.86910`, with an offset behind a `_` at times. */
function compareVersions(a: string, b: string): number {
  return Number.parseFloat(a) - Number.parseFloat(b);
}
