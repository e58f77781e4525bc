import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import {
  hasEqualMetadata,
  holdsBytesOf,
  kindOf,
  metadataOf,
  type CatalogRow,
} from '../catalog/row.ts';
import { assertMirrorOf } from '../naming.ts';
import type { MirrorCopy } from '../types.ts';
import { restoreContainerHeaders } from './container-headers.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { livingRows } from './living-rows.ts';
import { placeObject } from './place.ts';
import { placeReferring } from './referring.ts';

/**
 * Both regions share one Swift, so the users' container is there as the disaster left it: what differs
 * from the point is first kept as a version in the mirror, then replaced, all by copies inside Swift.
 * Killed anywhere: each name shows the one or the other, and both are kept; called again it goes on
 * from the listing. What is kept here belongs to no point: retention removes it with the next ones.
 */
export async function convergeLive(
  copy: MirrorCopy,
  renamed: (container: string) => string,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  assertMirrorOf(await store.headContainer(copy.mirror, signal), copy.mirror, at);
  await store.putContainer(copy.container, {}, signal);
  const revert = async (row: CatalogRow, inner: AbortSignal) => {
    const deleteAt = row.headers?.['x-delete-at'];
    const place = { container: copy.container, renamed, deleteAt };
    await placeObject(row, copy, place, { ...at, signal: inner });
    tally.reverted += 1;
  };
  const live = store.list(copy.container, { signal });
  const merged = mergeByName<[CatalogRow, ListingRow]>(livingRows(copy, at, deps), live);
  await parallel(merged, deps.atOnce, signal, async ({ name, groups }, inner) => {
    const inside = { ...at, signal: inner };
    const row = groups[0].at(-1);
    const listed = groups[1].at(-1);
    if (row !== undefined) tally.restored(row);
    if (listed !== undefined && (row === undefined || !(await isSame(row, listed, copy, inside)))) {
      await preserve(name, listed, copy, inside);
      if (row === undefined && (await store.delete(copy.container, name, { signal: inner })))
        tally.removed += 1;
    } else if (listed !== undefined) return;
    if (row === undefined || kindOf(row) !== 'plain') return;
    await revert(row, inner);
  });
  const rows = () => changedRows(copy, at, deps);
  await placeReferring(rows, { attempt: revert, giveUp: revert }, deps, signal);
  await restoreContainerHeaders(copy.container, copy.headers, at, tally);
}

async function isSame(
  row: CatalogRow,
  listed: ListingRow,
  copy: MirrorCopy,
  at: TargetContext,
): Promise<boolean> {
  if (!holdsBytesOf(row, listed) || row.contentType !== listed.contentType) return false;
  if (row.lastModified === listed.lastModified) return true;
  // A restored one has a time of its own: its properties tell.
  const options = { signal: at.signal, ...(kindOf(row) === 'slo' ? {} : whatLies) };
  const info = await at.target.objectStore.head(copy.container, row.name, options);
  const isEqual = info !== null && hasEqualMetadata(metadataOf(info), row.headers);
  return isEqual && info.headers['x-delete-at'] === row.headers?.['x-delete-at'];
}

const whatLies = { manifest: true, symlink: true };

async function preserve(
  name: string,
  listed: ListingRow,
  copy: MirrorCopy,
  at: TargetContext,
): Promise<void> {
  const isLink = listed.symlinkPath !== undefined;
  await at.target.objectStore.copy(
    { container: copy.container, object: name },
    { container: copy.mirror, object: name },
    { manifest: true, ...(isLink ? { symlink: true } : {}), signal: at.signal },
  );
}

async function* changedRows(
  copy: MirrorCopy,
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  const live = at.target.objectStore.list(copy.container, { signal: at.signal });
  const merged = mergeByName<[CatalogRow, ListingRow]>(livingRows(copy, at, deps), live);
  for await (const { groups } of merged) {
    const row = groups[0].at(-1);
    const listed = groups[1].at(-1);
    if (row === undefined || kindOf(row) === 'plain') continue;
    if (listed === undefined || !(await isSame(row, listed, copy, at))) yield row;
  }
}
