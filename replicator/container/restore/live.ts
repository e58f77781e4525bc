import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { Pace } from '../../transfer/pace.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { hasEqualMetadata, kindOf, metadataOf, type CatalogRow } from '../catalog/row.ts';
import { displacedName, executionMark } from '../naming.ts';
import type { ContainerPart } from '../types.ts';
import { missing } from '../verify/flaw.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { abilitiesAt } from './fill.ts';
import { livingRows } from './living-rows.ts';
import { placeObject, type Place } from './place.ts';
import { placeReferring } from './referring.ts';
import { openTarget } from './target.ts';

/**
 * Both regions share one Swift, so the users' container is there as the disaster left it: what differs
 * from the point is first copied into a container of its own, then taken out, and then the point's object
 * is put in its place under the condition that there is none. Killed anywhere: each name shows the one,
 * the other or, for an instant, nothing, and both are kept; called again it goes on from the listing.
 */
export async function convergeLive(
  part: ContainerPart,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  const { container } = part;
  const displaced = displacedName(container, order.executionId);
  const { honoursIfNoneMatch: isConditional } = await abilitiesAt(at);
  const { damaged } = order;
  const renamed = (name: string): string => name;
  const place: Place = { container, renamed, isLasting: true, isConditional, damaged };
  const pace = new Pace(deps.ambient.clock);
  await store.putContainer(container, {}, signal);
  const before = tally.displaced;
  const merged = mergeByName<[CatalogRow, ListingRow]>(
    livingRows(part, at, deps),
    store.list(container, { signal }),
  );
  await parallel(merged, pace, signal, async ({ name, groups }, inner) => {
    const inside = { ...at, signal: inner };
    const row = groups[0].at(-1);
    const listed = groups[1].at(-1);
    if (row !== undefined) tally.restored(row);
    if (listed !== undefined && row !== undefined && (await isSame(row, listed, container, inside)))
      return;
    // Of a container of which the point knows a part only, the rest is none of its business.
    if (listed !== undefined && (row !== undefined || part.isWhole))
      await displace(name, listed, container, displaced, order, inside, tally);
    if (row !== undefined && (kindOf(row) === 'plain' || kindOf(row) === 'dlo'))
      await put(row, place, inside, deps, tally, part);
    pace.succeeded(0);
  });
  const attempt = (row: CatalogRow, inner: AbortSignal) =>
    put(row, place, { ...at, signal: inner }, deps, tally, part);
  const rows = () => absentRows(part, at, deps);
  await placeReferring(rows, { attempt, giveUp: attempt }, pace, deps, signal);
  if (tally.displaced > before)
    tally.note(
      `${container}: ${tally.displaced - before} objects that were not those of the point are kept in ${displaced}`,
    );
  await openTarget(part, container, order, at, tally, part.isWhole);
}

async function put(
  row: CatalogRow,
  place: Place,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
  { container }: ContainerPart,
): Promise<void> {
  const placed = await placeObject(row, place, at, deps);
  if (placed.state === 'missing') tally.damaged(container, row.name, missing.detail);
  else if (placed.state === 'damaged') tally.damaged(container, row.name, placed.detail);
  else if (placed.state === 'made') tally.reverted += 1;
}

async function isSame(
  row: CatalogRow,
  listed: ListingRow,
  container: string,
  at: TargetContext,
): Promise<boolean> {
  const isListedSame =
    row.listed.hash === listed.hash &&
    row.bytes === listed.bytes &&
    row.sloEtag === listed.sloEtag &&
    (row.listed.type ?? row.contentType) === listed.contentType;
  if (isListedSame && row.listed.at === listed.lastModified) return true;
  // A restored one has a time of its own, and an SLO another manifest: its properties tell.
  if (row.bytes !== listed.bytes) return false;
  const whatLies = { manifest: true, symlink: true };
  const options = { signal: at.signal, ...(kindOf(row) === 'slo' ? {} : whatLies) };
  const info = await at.target.objectStore.head(container, row.name, options);
  if (info === null || info.isSlo !== (kindOf(row) === 'slo')) return false;
  const etag = row.sloEtag ?? row.md5;
  if (etag !== undefined && info.etag !== etag) return false;
  return hasEqualMetadata(metadataOf(info), row.headers);
}

async function displace(
  name: string,
  listed: ListingRow,
  container: string,
  displaced: string,
  order: RestoreOrder,
  at: TargetContext,
  tally: RestoreTally,
): Promise<void> {
  const store = at.target.objectStore;
  const copy = () =>
    store.copy(
      { container, object: name },
      { container: displaced, object: name },
      {
        manifest: true,
        ...(listed.symlinkPath === undefined ? {} : { symlink: true }),
        signal: at.signal,
      },
    );
  try {
    await copy();
  } catch (error) {
    if (!hasStatus(error, 404) && !isNoContainer(error)) throw error;
    await store.putContainer(displaced, { [executionMark]: order.executionId }, at.signal);
    await copy();
  }
  if (await store.delete(container, name, { signal: at.signal })) tally.displaced += 1;
}

function isNoContainer(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'object-store.not-found';
}

/** Those that refer to others and were taken out, or went. */
async function* absentRows(
  part: ContainerPart,
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  for await (const row of livingRows(part, at, deps)) {
    const kind = kindOf(row);
    if (kind !== 'slo' && kind !== 'symlink') continue;
    const options = { symlink: true, manifest: true, newest: true, signal: at.signal };
    const info = await at.target.objectStore.head(part.container, row.name, options);
    if (info === null) yield row;
  }
}
