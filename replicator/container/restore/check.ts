import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { ContentCheck, RestoreOrder, TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { hasEqualMetadata, kindOf, metadataOf, type CatalogRow } from '../catalog/row.ts';
import { scratchName } from '../naming.ts';
import type { ContainerCopy, MirrorCopy } from '../types.ts';
import { flawOf, flawOfInfo } from '../verify/compare.ts';
import { readBack } from '../verify/read-back.ts';
import type { RestoreDeps } from './deps.ts';
import { isWithin, scratchNames } from './drill.ts';
import { livingRows } from './living-rows.ts';

interface Result {
  bytes: number;
  objects: number;
  wrong: number;
  first: string | null;
}

/**
 * Compares what users would find with the catalog: the names, and of every object bytes, type and
 * metadata, all read back. An SLO is compared by its ETag, which is made of its segments'; those are
 * objects of the point too and are read back where they lie.
 */
export async function checkContainer(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<ContentCheck> {
  const mirrors: readonly MirrorCopy[] = [...copy.segments, copy];
  const result: Result = { bytes: 0, objects: 0, wrong: 0, first: null };
  const names = scratchNames(mirrors, order);
  for (const mirror of mirrors) {
    const isDrill = order.mode === 'drill';
    const container = isDrill ? scratchName(order.scratch, mirror.container) : mirror.container;
    const isExpected = (row: CatalogRow) => !isDrill || isWithin(row, names);
    await checkOne(mirror, container, isExpected, at, deps, result);
  }
  const { bytes, objects, wrong, first } = result;
  if (first !== null)
    return { state: 'mismatch', bytes, detail: `${wrong} of ${objects} objects differ: ${first}` };
  const detail = `${objects} objects read back and equal to the recovery point`;
  return { state: 'verified', bytes, detail };
}

async function checkOne(
  mirror: MirrorCopy,
  container: string,
  isExpected: (row: CatalogRow) => boolean,
  at: TargetContext,
  deps: RestoreDeps,
  result: Result,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  const merged = mergeByName<[CatalogRow, ListingRow]>(
    livingRows(mirror, at, deps),
    store.list(container, { signal }),
  );
  await parallel(merged, deps.atOnce, signal, async ({ name, groups }, inner) => {
    const row = groups[0].at(-1);
    if (row !== undefined && !isExpected(row)) return;
    const inside = { ...at, signal: inner };
    const flaw =
      row === undefined
        ? await flawOfStranger(container, name, inside)
        : await flawIn(row, container, inside, deps);
    result.objects += 1;
    if (row !== undefined && kindOf(row) === 'plain') result.bytes += row.bytes;
    if (flaw === null) return;
    result.wrong += 1;
    result.first ??= `${container}/${name}: ${flaw}`;
  });
}

/** A listing may lag behind a deletion: ask. */
async function flawOfStranger(container: string, name: string, at: TargetContext) {
  const options = { newest: true, symlink: true, manifest: true, signal: at.signal };
  const info = await at.target.objectStore.head(container, name, options);
  return info === null ? null : 'is not in the recovery point';
}

async function flawIn(
  row: CatalogRow,
  container: string,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<string | null> {
  const store = at.target.objectStore;
  const { name } = row;
  if (kindOf(row) === 'slo') {
    const info = await store.head(container, name, { newest: true, signal: at.signal });
    return info === null ? 'is missing' : flawInProperties(row, info, flawOfInfo(row, info));
  }
  const read = await readBack(
    (signal) => store.get(container, name, { manifest: true, symlink: true, signal }),
    deps.ambient,
    at.signal,
  );
  if (read.state === 'missing') return 'is missing';
  if (read.state === 'unreadable') return `cannot be read: ${read.reason}`;
  const flaw = flawOf(row, { hash: read.md5, bytes: read.bytes });
  return flawInProperties(row, read.info, flaw);
}

/** Where a reference points is not compared: a drill rewrites it. */
function flawInProperties(
  row: CatalogRow,
  info: { readonly contentType: string; readonly headers: Readonly<Record<string, string>> },
  flaw: { readonly detail: string } | null,
): string | null {
  if (flaw !== null) return flaw.detail;
  const type = Buffer.from(info.contentType, 'latin1').toString('utf8');
  if (type !== row.contentType) return `expected type ${row.contentType}, found ${type}`;
  const isEqual = hasEqualMetadata(bare(metadataOf(info)), bare(row.headers ?? {}));
  return isEqual ? null : 'the metadata is not that of the source';
}

function bare(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^x-(symlink-target|object-manifest)/.test(name)),
  );
}
