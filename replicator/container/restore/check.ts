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
import { livingRows, ofKinds, referringKinds, referringRows } from './living-rows.ts';
import { LostObjects } from './lost-objects.ts';
import { readStored } from './stored-bytes.ts';
import { targetName } from './target.ts';
import { tryWrite } from './try-write.ts';

interface Result {
  bytes: number;
  objects: number;
  wrong: number;
  first: string | null;
  /** Left out, since the bank does not hold it, or what it is made of, as it was stored. */
  lost: number;
  firstLost: string | null;
  /** Not there, whatever the reason. */
  missing: number;
}

interface Checking {
  readonly order: RestoreOrder;
  readonly at: TargetContext;
  readonly deps: RestoreDeps;
  readonly isExpected: (row: CatalogRow) => boolean;
  readonly lost: LostObjects;
  readonly result: Result;
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
    ...{ lost: 0, firstLost: null, missing: 0 },
  };
  const abilities = await abilitiesAt(at);
  const parts = partsOf(copy);
  const containers = new Set(parts.map(({ container }) => container));
  const isExpected = (row: CatalogRow) =>
    !isOutside(row, { order, containers }) && limitOf(row, abilities) === null;
  const lost = new LostObjects();
  const checking: Checking = { order, at, deps, isExpected, lost, result };
  for (const part of parts) await checkPlain(part, checking);
  await lost.follow(referringRows(parts, at, deps));
  for (const part of parts) await checkReferring(part, checking);
  const { bytes, objects, wrong, first, firstLost } = result;
  const isIncomplete = result.missing > 0;
  if (first !== null) {
    const detail = `${wrong} of ${objects} objects differ: ${first}`;
    return { state: 'mismatch', bytes, detail, isIncomplete };
  }
  if (firstLost !== null) {
    const detail = `${result.lost} of ${objects} objects are not whole in the bank and were left out: ${firstLost}; the others are read back and equal to the recovery point`;
    return { state: 'unchecked', bytes, detail, isIncomplete };
  }
  const detail = `${objects} objects read back and equal to the recovery point`;
  const written = await tryWrite(targetName(copy.container, order), copy, at, deps.ambient);
  return written.isAsExpected
    ? { state: 'verified', bytes, detail: `${detail}; ${written.detail}` }
    : { state: 'mismatch', bytes, detail: `${detail}, but ${written.detail}` };
}

/** What refers to nothing, and that there is nothing else. */
async function checkPlain(part: ContainerPart, checking: Checking): Promise<void> {
  const { order, at, deps, isExpected, lost, result } = checking;
  const { signal } = at;
  const container = targetName(part.container, order);
  const pace = new Pace(deps.ambient.clock);
  const merged = mergeByName<[CatalogRow, ListingRow]>(
    livingRows(part, at, deps),
    at.target.objectStore.list(container, { signal }),
  );
  await parallel(merged, pace, signal, async ({ name, groups }, inner) => {
    const row = groups[0].at(-1);
    if (row === undefined) {
      if (!part.isWhole) return;
      result.objects += 1;
      const flaw = await flawOfStranger(container, name, { ...at, signal: inner });
      if (flaw !== null) differs(result, `${container}/${name}`, flaw);
      return;
    }
    if (kindOf(row) !== 'plain' || !isExpected(row)) return;
    const isWhole = await compare(row, container, checking, inner);
    if (!isWhole) lost.add(part.container, name);
    pace.succeeded(ownBytes(row));
  });
}

/** What is made of others; where one of these is lost it is so itself, whatever is there under its name. */
async function checkReferring(part: ContainerPart, checking: Checking): Promise<void> {
  if (part.references === 0) return;
  const { order, at, deps, isExpected, lost, result } = checking;
  const container = targetName(part.container, order);
  const pace = new Pace(deps.ambient.clock);
  const rows = ofKinds(livingRows(part, at, deps), referringKinds);
  await parallel(rows, pace, at.signal, async (row, signal) => {
    if (!isExpected(row)) return;
    if (lost.concerns(part.container, row)) {
      result.objects += 1;
      result.missing += 1;
      isLost(result, `${container}/${row.name}`, 'what it is made of is lost');
    } else await compare(row, container, checking, signal);
    pace.succeeded(ownBytes(row));
  });
}

/** False: it is not there because the bank does not hold it as it was stored. */
async function compare(
  row: CatalogRow,
  container: string,
  { at, deps, result }: Checking,
  signal: AbortSignal,
): Promise<boolean> {
  const inside = { ...at, signal };
  const subject = `${container}/${row.name}`;
  result.objects += 1;
  const flaw = await flawIn(row, container, inside, deps);
  const inBank = flaw === isMissing ? await flawInBank(row, inside, deps) : null;
  if (flaw === isMissing) result.missing += 1;
  if (inBank !== null) isLost(result, subject, inBank);
  else if (flaw !== null) differs(result, subject, flaw);
  else result.bytes += ownBytes(row);
  return inBank === null;
}

const isMissing = 'is missing';

function differs(result: Result, subject: string, flaw: string): void {
  result.wrong += 1;
  result.first ??= `${subject}: ${flaw}`;
}

function isLost(result: Result, subject: string, flaw: string): void {
  result.lost += 1;
  result.firstLost ??= `${subject}: ${flaw}`;
}

/** What the bank does not hold any more could not be restored, and is not hidden for that. */
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
