import type { Ambient } from '../../kernel/ambient.ts';
import type { ListingRow } from '../../regions/object-store/types.ts';
import { StoredObjects } from '../bank/stored-objects.ts';
import type { CatalogRef } from '../bank/bank.ts';
import type { TargetContext } from '../mover.ts';
import { parallel } from '../transfer/parallel.ts';
import { mergeByName, type Named } from './catalog/merge.ts';
import { catalogRows } from './catalog/row.ts';
import { storedOnce } from './catalog/stored-once.ts';
import { sortOnDisk } from './catalog/sort.ts';
import { partsOf, type ContainerCopy } from './types.ts';

const deletionsAtOnce = 12;

export interface ExpireDeps {
  readonly ambient: Ambient;
  readonly spoolDir: string;
}

/**
 * Deletes from the bank what no kept copy of the group names.
 *
 * The rule: what a kept catalog names is never deleted. Of the rest goes what is older than the beginning
 * of the newest session that any of the copies comes from, by the bank's own clock: sessions of a group
 * follow one another, so what is newer, and named by nothing, may be a session's that still runs. Without
 * any kept copy all of it goes.
 *
 * All kept catalogs are read and proven by the bank before the first deletion, and one that cannot be
 * read ends it all. Killed anywhere: less is left to delete, and called again with the same copies it ends
 * in the same state. The listing lags: what it does not show yet is taken the next time.
 */
export async function expireCopies(
  dropped: readonly ContainerCopy[],
  kept: readonly ContainerCopy[],
  at: TargetContext,
  deps: ExpireDeps,
): Promise<void> {
  if (isAllKept(dropped, kept)) return;
  const { signal } = at;
  const bank = new StoredObjects(at.bank, at.group);
  const place = { spoolDir: deps.spoolDir, random: deps.ambient.random, signal };
  await using needed = await sortOnDisk(neededKeys(kept, at), place);
  const since = newestSession([...dropped, ...kept]);
  const merged = mergeByName<[Named, ListingRow]>(needed.rows(), bank.list(signal));
  await parallel(merged, deletionsAtOnce, signal, async ({ name, groups }, inner) => {
    const [keys, listed] = groups;
    const row = listed.at(-1);
    if (row === undefined || keys.length > 0) return;
    if (kept.length === 0 || isOlder(row, since)) await bank.delete(name, inner);
  });
}

/** The same catalogs, seen again: an unchanged container's points share one. Then nothing can go. */
function isAllKept(dropped: readonly ContainerCopy[], kept: readonly ContainerCopy[]): boolean {
  const hashes = new Set(catalogsOf(kept).map(({ sha256 }) => sha256));
  return catalogsOf(dropped).every(({ sha256 }) => hashes.has(sha256));
}

/** Each once. */
function catalogsOf(copies: readonly ContainerCopy[]): readonly CatalogRef[] {
  const all = copies.flatMap(partsOf).map(({ catalog }) => catalog);
  return [...new Map(all.map((catalog) => [catalog.sha256, catalog])).values()];
}

async function* neededKeys(
  kept: readonly ContainerCopy[],
  at: TargetContext,
): AsyncGenerator<Named> {
  const rowsOf = (catalog: CatalogRef) => catalogRows(at.bank.readCatalog(catalog, at.signal));
  for await (const { key } of storedOnce(kept, rowsOf)) yield { name: key };
}

function newestSession(copies: readonly ContainerCopy[]): number {
  return Math.max(...copies.map(({ writtenSince }) => Date.parse(writtenSince)));
}

/** A time that cannot be read is no reason to delete. */
function isOlder(row: ListingRow, sinceMs: number): boolean {
  const text = row.lastModified.replace(/Z$/, '').slice(0, 23);
  return Date.parse(`${text}Z`) < sinceMs;
}
