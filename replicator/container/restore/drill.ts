import { hasStatus } from '../../../regions/http/request-error.ts';
import { decodeName } from '../../../regions/object-store/names.ts';
import type { HeaderMap, ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { closeAll, settleInRounds } from '../catalog/rounds.ts';
import { catalogRows, expiryMs, holdsBytesOf, kindOf, type CatalogRow } from '../catalog/row.ts';
import { scratchMark, scratchName } from '../naming.ts';
import { splitPath } from '../ship/manifest.ts';
import type { ContainerCopy, MirrorCopy } from '../types.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { placeObject } from './place.ts';

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
  const files = await settleInRounds<CatalogRow, CatalogRow>({
    spoolDir: deps.spoolDir,
    random: deps.ambient.random,
    signal: at.signal,
    atOnce: deps.atOnce,
    kinds: (['slo', 'dlo', 'symlink'] as const).map(
      (kind) => () => ofKind(livingRows(mirror, at, deps), kind),
    ),
    attempt: async (row, signal) => {
      try {
        await placeObject(row, mirror, { container, renamed }, { ...at, signal });
        tally.restored(row);
        return row;
      } catch (error) {
        if (hasStatus(error, 400, 404, 409, 412, 422)) return 'unresolved';
        throw error;
      }
    },
    giveUp: async (row, signal) => {
      if (isWithin(row, names))
        await placeObject(row, mirror, { container, renamed }, { ...at, signal });
      else tally.note(`${container}: symlinks that point outside of the point were left out`);
      return row;
    },
  });
  await closeAll(files);
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

export async function* livingRows(
  mirror: MirrorCopy,
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  const nowMs = deps.ambient.clock.now();
  for await (const row of catalogRows(at.bank.readCatalog(mirror.catalog, at.signal)))
    if (expiryMs(row.headers) > nowMs) yield row;
}

export async function* ofKind(
  rows: AsyncIterable<CatalogRow>,
  kind: ReturnType<typeof kindOf>,
): AsyncGenerator<CatalogRow> {
  for await (const row of rows) if (kindOf(row) === kind) yield row;
}
