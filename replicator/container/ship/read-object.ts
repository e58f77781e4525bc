import { finished } from 'node:stream/promises';
import {
  closeObject,
  openObject,
  type OpenedObject,
} from '../../../regions/object-store/open-object.ts';
import type { ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import { smallBytes } from '../../bank/stored-objects.ts';
import { mayCopyInside, rememberRefusal } from '../../transfer/copy-inside.ts';
import { readManifest } from '../catalog/manifest.ts';
import type { CatalogRow } from '../catalog/row.ts';
import type { Outcome, ShipContext } from './context.ts';
import { assertAsListed, assertWhole } from './guards.ts';
import { absence, rowOf } from './new-row.ts';
import { copyBytes, storeLarge, storeSmall, type StoredBytes } from './store-bytes.ts';

/**
 * Brings one object's bytes into the bank and describes it. What is there now is taken, whatever kind it
 * has become since it was listed, and recorded with its own hash and time. Killed: the bank holds the
 * bytes, named by nothing, or it does not.
 */
export async function readObject(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { sharedSwift } = ctx.session;
  const { objectStore: store, projectId } = ctx.session.source;
  if (!sharedSwift || !mayCopyInside({ store, projectId }, ctx.stored.store))
    return await readThrough(ctx, source, signal);
  const inside = await readInside(ctx, source, signal);
  if (inside !== 'refused') return inside;
  const outcome = await readThrough(ctx, source, signal);
  if ('row' in outcome) rememberRefusal(store, ctx.stored.store);
  return outcome;
}

async function readThrough(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const release = await ctx.budget.take(Math.min(source.bytes, smallBytes), signal);
  try {
    // The link itself, should it have become one: a symlink is not what it leads to.
    const options = { manifest: true, symlink: true, signal };
    const object = { container: ctx.container, object: source.name, bytes: source.bytes };
    const found = await openObject(ctx.session.source.objectStore, object, options);
    if (found === null) return absence(ctx, source.name, 'gone');
    return await take(ctx, source, found, signal);
  } finally {
    release();
  }
}

async function take(
  ctx: ShipContext,
  source: ListingRow,
  found: OpenedObject,
  signal: AbortSignal,
): Promise<Outcome> {
  const { info } = found;
  const { name } = source;
  // Destroyed unless it is read to its end: a connection hangs from it.
  try {
    assertAsListed(ctx, source, info);
    const why = absence(ctx, name, info);
    if (why !== null) return why;
    if (info.isSlo) {
      const manifest = await readManifest(found, `${ctx.container}/${name}`);
      // A HEAD of the whole tells the ETag and length that a listing would show.
      return await wholeOf(ctx, source, manifest, signal);
    }
    noteChange(ctx, source, info);
    if (info.bytes === 0) {
      if ('body' in found) await finished(found.body.resume());
      else assertWhole(ctx, name, 0, found.content.length);
      ctx.session.progress.moved({ objects: 1 });
      return { name, row: rowOf(ctx, source, info) };
    }
    const stored =
      'content' in found || info.bytes <= smallBytes
        ? await storeSmall(ctx, source, found, signal)
        : await storeLarge(ctx, source, found, signal);
    return { name, row: { ...rowOf(ctx, source, info), ...stored } };
  } finally {
    closeObject(found);
  }
}

/** An object that the listing shows as an SLO. */
export async function readLarge(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, session } = ctx;
  const options = { manifest: true, symlink: true, signal };
  const found = await session.source.objectStore.get(container, source.name, options);
  if (found === null) return absence(ctx, source.name, 'gone');
  if (!found.info.isSlo) return await take(ctx, source, found, signal);
  const manifest = await readManifest(found, `${container}/${source.name}`);
  return await wholeOf(ctx, source, manifest, signal);
}

async function wholeOf(
  ctx: ShipContext,
  source: ListingRow,
  manifest: CatalogRow['manifest'],
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, session } = ctx;
  const { name } = source;
  const info = await session.source.objectStore.head(container, name, { signal });
  if (info === null) return absence(ctx, name, 'gone');
  const why = absence(ctx, name, info);
  if (why !== null) return why;
  if (!info.isSlo) return await readObject(ctx, source, signal);
  if (info.etag !== source.sloEtag) ctx.tally.changed += 1;
  session.progress.moved({ objects: 1 });
  return {
    name,
    row: { ...rowOf(ctx, source, info), sloEtag: info.etag, ...(manifest ? { manifest } : {}) },
  };
}

/** An object that the listing shows as a symlink: it has no bytes. */
export async function readSymlink(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session } = ctx;
  const { name } = source;
  const info = await headOf(ctx, name, signal);
  if (info === null) return absence(ctx, name, 'gone');
  if (info.symlinkTarget === undefined) return await readObject(ctx, source, signal);
  session.progress.moved({ objects: 1 });
  return { name, row: rowOf(ctx, source, info) };
}

/** Of the object itself, wherever it leads and whatever it is made of; null: it is gone. */
function headOf(
  { container, session }: ShipContext,
  name: string,
  signal: AbortSignal,
): Promise<ObjectInfo | null> {
  const options = { manifest: true, symlink: true, signal };
  return session.source.objectStore.head(container, name, options);
}

/** Only metadata can differ: the bytes of `known` are in the bank. */
export async function describeObject(
  ctx: ShipContext,
  source: ListingRow,
  known: CatalogRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session } = ctx;
  const { name } = source;
  const info = await headOf(ctx, name, signal);
  if (info === null) return absence(ctx, name, 'gone');
  if (info.etag !== source.hash || info.symlinkTarget !== undefined || info.isSlo)
    return await readObject(ctx, source, signal);
  const why = absence(ctx, name, info);
  if (why !== null) return why;
  session.progress.present({ objects: 1, bytes: known.bytes });
  return {
    name,
    row: { ...rowOf(ctx, source, { ...info, bytes: known.bytes }), ...bytesOf(known) },
  };
}

function bytesOf({ key, md5, sha256 }: CatalogRow): Partial<StoredBytes> {
  return {
    ...(key === undefined ? {} : { key }),
    ...(md5 === undefined ? {} : { md5 }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/**
 * Both regions share one Swift: it copies, and nothing passes through this process, unless it does not copy
 * from that account into the bank's.
 */
async function readInside(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome | 'refused'> {
  const { name } = source;
  const info = await headOf(ctx, name, signal);
  if (info === null) return absence(ctx, name, 'gone');
  if (info.isSlo) return await readLarge(ctx, source, signal);
  assertAsListed(ctx, source, info);
  const why = absence(ctx, name, info);
  if (why !== null) return why;
  if (info.bytes === 0) {
    noteChange(ctx, source, info);
    return { name, row: rowOf(ctx, source, info) };
  }
  const stored = await copyBytes(ctx, name, info, signal);
  if (stored === 'refused') return stored;
  if (stored === 'missing') return absence(ctx, name, 'gone');
  noteChange(ctx, source, info);
  return { name, row: { ...rowOf(ctx, source, info), ...stored } };
}

function noteChange(ctx: ShipContext, source: ListingRow, info: ObjectInfo): void {
  if (info.symlinkTarget === undefined && info.etag !== source.hash) ctx.tally.changed += 1;
}
