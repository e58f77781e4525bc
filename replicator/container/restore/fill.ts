import { decodeName } from '../../../regions/object-store/names.ts';
import { abilitiesOf, type StoreAbilities } from '../../../regions/object-store/abilities.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { Pace } from '../../transfer/pace.ts';
import { parallel } from '../../transfer/parallel.ts';
import { limitOf } from '../catalog/limits.ts';
import { splitPath } from '../catalog/manifest.ts';
import { mergeByName } from '../catalog/merge.ts';
import { kindOf, type CatalogRow, type RowKind } from '../catalog/row.ts';
import type { ContainerPart } from '../types.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { livingRows, ofKinds } from './living-rows.ts';
import type { LostObjects } from './lost-objects.ts';
import { flawOfPlaced, placeObject, type Place } from './place.ts';
import { placeReferring } from './referring.ts';
import { targetName } from './target.ts';

export interface Filling {
  readonly order: RestoreOrder;
  readonly at: TargetContext;
  readonly deps: RestoreDeps;
  readonly tally: RestoreTally;
  /** Containers of the point that are restored, by their names in the source. */
  readonly containers: ReadonlySet<string>;
  /** What the bank turned out not to hold. */
  readonly lost: LostObjects;
}

/**
 * Objects whose bytes are in the bank, and those that have none and refer to nothing. Killed anywhere:
 * some are there; called again, what is there is not placed again. What the bank does not hold as it was
 * stored is left out and said: the rest is worth recovering.
 */
export async function fillPlain(part: ContainerPart, filling: Filling): Promise<void> {
  const { at, deps, tally, lost } = filling;
  const place = await placeOf(part, filling);
  const pace = new Pace(deps.ambient.clock);
  const there = at.target.objectStore.list(place.container, { signal: at.signal });
  const rows = livingRows(part, at, deps);
  const merged = mergeByName<[CatalogRow, ListingRow]>(rows, there);
  await parallel(merged, pace, at.signal, async ({ groups }, signal) => {
    const row = groups[0].at(-1);
    if (row === undefined || kindOf(row) !== 'plain') return;
    if (groups[1].length > 0) {
      tally.restored(row);
      return;
    }
    const placed = await placeObject(row, place, { ...at, signal }, deps);
    pace.succeeded(0);
    const flaw = flawOfPlaced(placed);
    if (flaw === null) {
      tally.restored(row);
      return;
    }
    lost.add(part.container, row.name);
    tally.damaged(part.container, row.name, flaw);
  });
}

/** What is made of others: after all of these, and after `lost` was told to follow them. */
export async function fillReferring(part: ContainerPart, filling: Filling): Promise<void> {
  const { at, deps, tally, lost } = filling;
  if (part.references === 0) return;
  const place = await placeOf(part, filling);
  const pace = new Pace(deps.ambient.clock);
  const abilities = await abilitiesAt(at);
  const name = (row: CatalogRow) => `${part.container}/${row.name}`;
  const attempt = async (row: CatalogRow, signal: AbortSignal): Promise<void> => {
    if (isOutside(row, filling)) {
      tally.noteObject('lead out of the point and were left out of the drill', name(row));
      return;
    }
    const limit = limitOf(row, abilities);
    if (limit !== null) {
      tally.noteObject(`${limit}, and were left out`, name(row));
      return;
    }
    if (lost.concerns(part.container, row)) {
      tally.noteObject(madeOfLost, name(row));
      return;
    }
    const flaw = flawOfPlaced(await placeObject(row, place, { ...at, signal }, deps));
    if (flaw === null) tally.restored(row);
    else tally.damaged(part.container, row.name, flaw);
  };
  const { container } = part;
  const rows = (kinds: readonly RowKind[]) => ofKinds(livingRows(part, at, deps), kinds);
  await placeReferring({ container, rows, attempt }, tally, pace, deps, at.signal);
}

/** A drill's links lead to nothing that users use. */
export function isOutside(
  row: CatalogRow,
  { order, containers }: Pick<Filling, 'order' | 'containers'>,
): boolean {
  if (order.mode !== 'drill') return false;
  const target = row.headers?.['x-symlink-target'];
  if (target === undefined) return false;
  if (row.headers?.['x-symlink-target-account'] !== undefined) return true;
  return !containers.has(splitPath(decodeName(target))[0]);
}

/** What became of objects that refer to others, as a note says it. */
export const madeOfLost = 'were left out, since what they are made of is not whole in the bank';

async function placeOf({ container }: ContainerPart, filling: Filling): Promise<Place> {
  const { order, containers, at } = filling;
  const renamed = (name: string) => (containers.has(name) ? targetName(name, order) : name);
  const isLasting = order.mode !== 'drill';
  const { honoursIfNoneMatch: isConditional } = await abilitiesAt(at);
  const { damaged, isMoreDamaged } = order;
  const known = { damaged, isMoreDamaged };
  return { container: targetName(container, order), renamed, isLasting, isConditional, ...known };
}

export async function abilitiesAt({ target, signal }: TargetContext): Promise<StoreAbilities> {
  return abilitiesOf(await target.objectStore.info(signal));
}
