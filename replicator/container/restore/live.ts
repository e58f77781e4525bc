import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { Pace } from '../../transfer/pace.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import {
  hasEqualMetadata,
  kindOf,
  metadataOf,
  type CatalogRow,
  type RowKind,
} from '../catalog/row.ts';
import { displacedName, executionMark } from '../naming.ts';
import type { ContainerPart } from '../types.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { abilitiesAt, madeOfLost } from './fill.ts';
import { livingRows, ofKinds, referringRows } from './living-rows.ts';
import { LostObjects } from './lost-objects.ts';
import { flawOfPlaced, placeObject, type Place } from './place.ts';
import { placeReferring } from './referring.ts';
import { openTarget } from './target.ts';

/** What the passes over the parts share. */
interface Converging {
  readonly order: RestoreOrder;
  readonly at: TargetContext;
  readonly deps: RestoreDeps;
  readonly tally: RestoreTally;
  readonly lost: LostObjects;
  readonly pace: Pace;
  readonly isConditional: boolean;
}

/**
 * Both regions share one Swift, so the users' container is there as the disaster left it: what differs
 * from the point is first copied into a container of its own, then taken out, and then the point's object
 * is put in its place under the condition that there is none; what is made of others when these are there.
 * Killed anywhere: each name shows the one, the other or, until its turn, nothing, and both are kept;
 * called again it goes on from the listing. `parts`: what others refer to first.
 */
export async function convergeLive(
  parts: readonly ContainerPart[],
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const { honoursIfNoneMatch: isConditional } = await abilitiesAt(at);
  const [lost, pace] = [new LostObjects(), new Pace(deps.ambient.clock)];
  const converging: Converging = { order, at, deps, tally, lost, pace, isConditional };
  for (const part of parts) await convergePlain(part, converging);
  await lost.follow(referringRows(parts, at, deps));
  for (const part of parts) {
    await putReferring(part, converging);
    await openTarget(part, part.container, order, at, tally, part.isWhole);
  }
}

/** All that is not the point's is out of the way after it, and what refers to nothing is there. */
async function convergePlain(part: ContainerPart, converging: Converging): Promise<void> {
  const { order, at, deps, tally, lost, pace } = converging;
  const { signal } = at;
  const store = at.target.objectStore;
  const { container } = part;
  const displaced = displacedName(container, order.executionId);
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
    if (row !== undefined && kindOf(row) === 'plain') {
      const isPut = await put(row, part, converging, inner);
      if (!isPut) lost.add(container, name);
    }
    pace.succeeded(0);
  });
  if (tally.displaced > before)
    tally.note(
      `${container}: ${tally.displaced - before} objects that were not those of the point are kept in ${displaced}`,
    );
}

async function putReferring(part: ContainerPart, converging: Converging): Promise<void> {
  const { at, deps, tally, lost, pace } = converging;
  const { container } = part;
  const rows = (kinds: readonly RowKind[]) => absentRows(part, kinds, at, deps);
  const attempt = async (row: CatalogRow, signal: AbortSignal): Promise<void> => {
    if (lost.concerns(container, row)) tally.noteObject(madeOfLost, `${container}/${row.name}`);
    else await put(row, part, converging, signal);
  };
  await placeReferring({ container, rows, attempt }, tally, pace, deps, at.signal);
}

/** False: the bank does not hold it as it was stored, which is noted. */
async function put(
  row: CatalogRow,
  { container }: ContainerPart,
  { order, at, deps, tally, isConditional }: Converging,
  signal: AbortSignal,
): Promise<boolean> {
  const renamed = (name: string): string => name;
  const { damaged, isMoreDamaged } = order;
  const known = { damaged, isMoreDamaged };
  const place: Place = { container, renamed, isLasting: true, isConditional, ...known };
  const placed = await placeObject(row, place, { ...at, signal }, deps);
  if (placed.state === 'made') tally.reverted += 1;
  const flaw = flawOfPlaced(placed);
  if (flaw !== null) tally.damaged(container, row.name, flaw);
  return flaw === null;
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
  kinds: readonly RowKind[],
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  if (part.references === 0) return;
  const options = { symlink: true, manifest: true, newest: true, signal: at.signal };
  for await (const row of ofKinds(livingRows(part, at, deps), kinds)) {
    const info = await at.target.objectStore.head(part.container, row.name, options);
    if (info === null) yield row;
  }
}
