import { StoredObjects } from '../../bank/stored-objects.ts';
import { openObject } from '../../../regions/object-store/open-object.ts';
import type { ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import type { ContentCheck, RestoreOrder, TargetContext } from '../../mover.ts';
import { Pace } from '../../transfer/pace.ts';
import { parallel } from '../../transfer/parallel.ts';
import { limitOf } from '../catalog/limits.ts';
import { mergeByName } from '../catalog/merge.ts';
import {
  fromWire,
  hasEqualMetadata,
  kindOf,
  metadataOf,
  ownBytes,
  type CatalogRow,
} from '../catalog/row.ts';
import { partsOf, type ContainerCopy, type ContainerPart } from '../types.ts';
import { flawOf, missing } from '../verify/flaw.ts';
import { readBack } from '../verify/read-back.ts';
import type { RestoreDeps } from './deps.ts';
import { abilitiesAt, isOutside } from './fill.ts';
import { livingRows } from './living-rows.ts';
import { readStored } from './stored-bytes.ts';
import { targetName } from './target.ts';
import { tryWrite } from './try-write.ts';

interface Result {
  bytes: number;
  objects: number;
  wrong: number;
  first: string | null;
  /** Left out, since the bank does not hold it as it was stored. */
  lost: number;
  firstLost: string | null;
  /** Not there, and made of others: what is made of one that is lost is so too. */
  unmade: number;
  firstUnmade: string | null;
}

/**
 * Compares what users would find with the catalog: the names, and of every object bytes, type and
 * metadata, all read back; and whether they can write. A large object is compared by its ETag, which is
 * made of its segments'; those are objects of the point too and are read back where they lie.
 */
export async function checkContainer(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<ContentCheck> {
  const result: Result = {
    ...{ bytes: 0, objects: 0, wrong: 0, first: null },
    ...{ lost: 0, firstLost: null, unmade: 0, firstUnmade: null },
  };
  const abilities = await abilitiesAt(at);
  const containers = new Set(partsOf(copy).map(({ container }) => container));
  for (const part of partsOf(copy)) {
    const isExpected = (row: CatalogRow) =>
      !isOutside(row, { order, containers }) && limitOf(row, abilities) === null;
    await checkPart(part, targetName(part.container, order), isExpected, at, deps, result);
  }
  if (result.lost === 0 && result.firstUnmade !== null)
    differs(result, result.firstUnmade, isMissing, result.unmade);
  const { bytes, objects, wrong, first, firstLost } = result;
  if (first !== null)
    return { state: 'mismatch', bytes, detail: `${wrong} of ${objects} objects differ: ${first}` };
  if (firstLost !== null) {
    const lost = result.lost + result.unmade;
    const detail = `${lost} of ${objects} objects are not whole in the bank and were left out: ${firstLost}; the others are read back and equal to the recovery point`;
    return { state: 'unchecked', bytes, detail };
  }
  const detail = `${objects} objects read back and equal to the recovery point`;
  const written = await tryWrite(targetName(copy.container, order), copy, at, deps.ambient);
  return written.isAsExpected
    ? { state: 'verified', bytes, detail: `${detail}; ${written.detail}` }
    : { state: 'mismatch', bytes, detail: `${detail}, but ${written.detail}` };
}

async function checkPart(
  part: ContainerPart,
  container: string,
  isExpected: (row: CatalogRow) => boolean,
  at: TargetContext,
  deps: RestoreDeps,
  result: Result,
): Promise<void> {
  const { signal } = at;
  const pace = new Pace(deps.ambient.clock);
  const merged = mergeByName<[CatalogRow, ListingRow]>(
    livingRows(part, at, deps),
    at.target.objectStore.list(container, { signal }),
  );
  await parallel(merged, pace, signal, async ({ name, groups }, inner) => {
    const row = groups[0].at(-1);
    if (row === undefined ? !part.isWhole : !isExpected(row)) return;
    const inside = { ...at, signal: inner };
    const flaw =
      row === undefined
        ? await flawOfStranger(container, name, inside)
        : await flawIn(row, container, inside, deps);
    pace.succeeded(row === undefined ? 0 : ownBytes(row));
    result.objects += 1;
    const subject = `${container}/${name}`;
    if (flaw === isMissing && row !== undefined) await missed(row, subject, result, inside, deps);
    else if (flaw !== null) differs(result, subject, flaw);
    else if (row !== undefined) result.bytes += ownBytes(row);
  });
}

const isMissing = 'is missing';

function differs(result: Result, subject: string, flaw: string, count = 1): void {
  result.wrong += count;
  result.first ??= `${subject}: ${flaw}`;
}

/** What the bank does not hold any more could not be restored, and is not hidden for that. */
async function missed(
  row: CatalogRow,
  subject: string,
  result: Result,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<void> {
  if (row.key === undefined && kindOf(row) !== 'plain') {
    result.unmade += 1;
    result.firstUnmade ??= subject;
    return;
  }
  const flaw = await flawInBank(row, at, deps);
  if (flaw === null) {
    differs(result, subject, isMissing);
    return;
  }
  result.lost += 1;
  result.firstLost ??= `${subject}: ${flaw}`;
}

async function flawInBank(
  row: CatalogRow,
  at: TargetContext,
  { ambient }: RestoreDeps,
): Promise<string | null> {
  const { key } = row;
  if (key === undefined) return null;
  const bank = new StoredObjects(at.bank, at.group);
  const read = await readStored({ ...row, key }, bank, ambient, at.signal);
  if (read.state === 'missing') return missing.detail;
  return read.state === 'damaged' ? read.detail : null;
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
  if (row.sloEtag !== undefined) {
    const info = await store.head(container, name, { newest: true, signal: at.signal });
    if (info === null) return isMissing;
    if (!info.isSlo) return 'is no large object';
    const expected = { bytes: row.bytes, md5: row.sloEtag };
    return flawInProperties(row, info, flawOf(expected, { bytes: info.bytes, md5: info.etag }));
  }
  const algorithm = row.sha256 === undefined ? 'md5' : 'sha256';
  const object = { container, object: name, bytes: row.bytes };
  const open = (signal: AbortSignal) =>
    openObject(store, object, { manifest: true, symlink: true, signal });
  const read = await readBack(open, { algorithm }, deps.ambient, at.signal);
  if (read.state === 'missing') return isMissing;
  if (read.state === 'unreadable') return `cannot be read: ${read.reason}`;
  if (kindOf(row) === 'symlink') return flawInProperties(row, read.info, null);
  const found = { bytes: read.bytes, ...(row.key === undefined ? {} : { [algorithm]: read.hash }) };
  const expected = { bytes: row.bytes, md5: row.md5 ?? '', ...hashOf(row) };
  return flawInProperties(row, read.info, flawOf(expected, found));
}

function hashOf({ sha256 }: CatalogRow): { readonly sha256?: string } {
  return sha256 === undefined ? {} : { sha256 };
}

/** Where a reference points is not compared: a drill rewrites it. */
function flawInProperties(
  row: CatalogRow,
  info: ObjectInfo,
  flaw: { readonly detail: string } | null,
): string | null {
  if (flaw !== null) return flaw.detail;
  const type = fromWire(info.contentType);
  if (type !== row.contentType) return `expected type ${row.contentType}, found ${type}`;
  const isSame = hasEqualMetadata(bare(metadataOf(info)), bare(row.headers ?? {}));
  return isSame ? null : 'the metadata is not that of the source';
}

/** The last is how Ceph RGW marks its large objects. */
const notCompared =
  /^(x-symlink-target|x-object-manifest|x-delete-at|x-object-meta-static-large-object$)/;

function bare(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !notCompared.test(name)));
}
