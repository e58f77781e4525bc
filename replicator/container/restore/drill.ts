import { decodeName } from '../../../regions/object-store/names.ts';
import type { HeaderMap, ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { holdsBytesOf, kindOf, type CatalogRow } from '../catalog/row.ts';
import { scratchMark, scratchName } from '../naming.ts';
import { splitPath } from '../ship/manifest.ts';
import type { ContainerCopy, MirrorCopy } from '../types.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { livingRows } from './living-rows.ts';
import { placeObject } from './place.ts';
import { placeReferring } from './referring.ts';

/**
 * Copies the point's versions into containers of its own, inside the secondary's Swift. Manifests and
 * symlinks into the point's containers are rewritten to the scratch ones, so that the drill hangs
 * from nothing but the copies. Objects get no expiry: the drill's own end removes them. Killed
 * anywhere: the scratch containers carry the mark from their making; called again, what is there with
 * equal bytes is not copied again.
 */
export async function restoreForDrill(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const mirrors: readonly MirrorCopy[] = [...copy.segments, copy];
  const names = scratchNames(mirrors, order);
  for (const mirror of mirrors) {
    const to = scratchName(order.scratch, mirror.container);
    const mark: HeaderMap = { [scratchMark]: order.scratch };
    await at.target.objectStore.putContainer(to, mark, at.signal);
  }
  for (const mirror of mirrors) await fillPlain(mirror, order, at, deps, tally);
  for (const mirror of mirrors) await fillReferring(mirror, order, names, at, deps, tally);
}

async function fillPlain(
  mirror: MirrorCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const { signal } = at;
  const to = scratchName(order.scratch, mirror.container);
  const rows = livingRows(mirror, at, deps);
  const there = at.target.objectStore.list(to, { signal });
  const merged = mergeByName<[CatalogRow, ListingRow]>(rows, there);
  await parallel(merged, deps.atOnce, signal, async ({ groups }, inner) => {
    const row = groups[0].at(-1);
    if (row === undefined || kindOf(row) !== 'plain') return;
    const listed = groups[1].at(-1);
    if (listed === undefined || !holdsBytesOf(row, listed))
      await placeObject(row, mirror, { container: to, renamed: same }, { ...at, signal: inner });
    tally.restored(row);
  });
}

async function fillReferring(
  mirror: MirrorCopy,
  order: RestoreOrder,
  names: ReadonlyMap<string, string>,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const container = scratchName(order.scratch, mirror.container);
  const renamed = (name: string) => names.get(name) ?? name;
  const place = (row: CatalogRow, signal: AbortSignal) =>
    placeObject(row, mirror, { container, renamed }, { ...at, signal });
  await placeReferring(
    () => livingRows(mirror, at, deps),
    {
      attempt: async (row, signal) => {
        await place(row, signal);
        tally.restored(row);
      },
      giveUp: async (row, signal) => {
        if (isWithin(row, names)) await place(row, signal);
        else tally.note(`${container}: symlinks that point outside of the point were left out`);
      },
    },
    deps,
    at.signal,
  );
}

/** By the containers' names in the source, and by the names that manifests in the mirror use. */
export function scratchNames(
  mirrors: readonly MirrorCopy[],
  order: RestoreOrder,
): ReadonlyMap<string, string> {
  return new Map(
    mirrors.flatMap(({ container, mirror }) => {
      const scratch = scratchName(order.scratch, container);
      return [[container, scratch] as const, [mirror, scratch] as const];
    }),
  );
}

/** False for a symlink to a container that the point does not hold. */
export function isWithin(row: CatalogRow, names: ReadonlyMap<string, string>): boolean {
  const target = row.headers?.['x-symlink-target'];
  return target === undefined || names.has(splitPath(decodeName(target))[0]);
}

function same(container: string): string {
  return container;
}
