import { FarshoreError } from '../../../kernel/errors.ts';
import type { HeaderMap, ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import { relayObject } from '../../transfer/relay.ts';
import { expiryMs, hasEqualMetadata, metadataOf, type CatalogRow } from '../catalog/row.ts';
import { assertVersionable } from '../naming.ts';
import { versionMade, type Outcome, type ShipContext } from './context.ts';
import { manifestContainers, readManifest } from './manifest.ts';

/** What expires sooner than this could be refused by the mirror, and is of no use at a recovery. */
const expiryMarginMs = 60_000;
/** The type of a property that is written as UTF-8 on the wire and read as latin-1. */
const fromWire = (value: string) => Buffer.from(value, 'latin1').toString('utf8');

/**
 * Ships one object's bytes and metadata. Killed: the mirror has its version or nothing of it. Answer
 * lost: a second version comes to be, of which the catalog names one. The object changed since the
 * listing: what is there now is taken and recorded with its own hash and time.
 */
export async function shipObject(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  assertVersionable(ctx.container, source.name);
  if (source.bytes === 0) return await shipEmpty(ctx, source, signal);
  return ctx.session.sharedSwift
    ? await copyAcross(ctx, source, signal)
    : await relayAcross(ctx, source, signal);
}

/** Of a SLO in the listing: which containers it needs, so that they go first. */
export async function deferSlo(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  assertVersionable(ctx.container, source.name);
  const manifest = await readManifest(ctx.session.source.objectStore, ctx.container, source.name, {
    signal,
  });
  if (manifest === null) return gone(ctx, source.name);
  const segments = manifestContainers(manifest);
  return { name: source.name, pending: { name: source.name, kind: 'slo', source, segments } };
}

/**
 * The mirror's `version` holds the bytes; only metadata can differ. Then a new version is made from
 * it inside the secondary: a POST would change the version that older points name.
 */
export async function refreshObject(
  ctx: ShipContext,
  source: ListingRow,
  version: string,
  known: CatalogRow | null,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session } = ctx;
  const { name } = source;
  const info = await session.source.objectStore.head(ctx.container, name, {
    manifest: true,
    signal,
  });
  if (info === null) return gone(ctx, name);
  const has = known ?? (await recorded(ctx, name, version, signal));
  if (info.etag !== source.hash || has === null) return await shipObject(ctx, source, signal);
  const headers = metadataOf(info);
  if (isExpiring(ctx, headers)) return expiring(ctx, name);
  const contentType = fromWire(info.contentType);
  const isKept = known?.headers?.['x-delete-at'] === headers['x-delete-at'];
  if (has.contentType === contentType && isKept && hasEqualMetadata(has.headers, headers)) {
    session.progress.present({ objects: 1, bytes: source.bytes });
    return { name, row: rowOf(source, info, version) };
  }
  const written = await session.target.objectStore.copy(
    { container: ctx.mirror, object: name, versionId: version },
    { container: ctx.mirror, object: name },
    {
      manifest: true,
      headers: { 'content-type': info.contentType, ...headers, 'x-fresh-metadata': 'true' },
      signal,
    },
  );
  if (written?.etag !== source.hash) return await shipObject(ctx, source, signal);
  session.progress.copied({ objects: 1, bytes: source.bytes });
  return { name, row: rowOf(source, info, versionMade(written, ctx.mirror, name)) };
}

async function recorded(ctx: ShipContext, name: string, versionId: string, signal: AbortSignal) {
  const info = await ctx.session.target.objectStore.head(ctx.mirror, name, {
    versionId,
    manifest: true,
    symlink: true,
    signal,
  });
  if (info === null || info.symlinkTarget !== undefined) return null;
  return { contentType: fromWire(info.contentType), headers: metadataOf(info) };
}

/** Zero bytes may be an object, a DLO's manifest or a symlink of a container with versioning: ask. */
async function shipEmpty(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session, container } = ctx;
  const { name } = source;
  const options = { manifest: true, symlink: true, signal };
  const info = await session.source.objectStore.head(container, name, options);
  if (info === null) return gone(ctx, name);
  if (info.bytes > 0) return await shipObject(ctx, { ...source, bytes: info.bytes }, signal);
  if (info.isSlo) return await deferSlo(ctx, source, signal);
  if (info.symlinkTarget !== undefined)
    return { name, pending: { name, kind: 'symlink', source, segments: [] } };
  if (info.dloPrefix !== undefined) {
    const segments = [info.dloPrefix.slice(0, info.dloPrefix.indexOf('/'))];
    return { name, pending: { name, kind: 'dlo', source, segments } };
  }
  if (isExpiring(ctx, metadataOf(info))) return expiring(ctx, name);
  return { name, row: await putEmpty(ctx, source, info, signal) };
}

/** An object without bytes: its properties are all there is. */
export async function putEmpty(
  ctx: ShipContext,
  source: ListingRow,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<CatalogRow> {
  const headers = { 'content-type': info.contentType, ...metadataOf(info) };
  const options = { contentLength: 0, headers, signal };
  const written = await ctx.session.target.objectStore.put(ctx.mirror, source.name, '', options);
  ctx.session.progress.moved({ objects: 1 });
  return rowOf(source, info, versionMade(written, ctx.mirror, source.name));
}

async function relayAcross(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session, container, mirror } = ctx;
  const { name } = source;
  let held: 'large' | 'expiring' | undefined;
  const stop = new AbortController();
  const relayed = await relayObject(
    {
      from: {
        store: session.source.objectStore,
        container,
        object: name,
        read: { manifest: true },
      },
      to: {
        store: session.target.objectStore,
        container: mirror,
        object: name,
        headers: (info) => {
          const headers = metadataOf(info);
          if (info.isSlo) held = 'large';
          else if (isExpiring(ctx, headers)) held = 'expiring';
          if (held !== undefined) stop.abort(new Error(`held back: ${held}`));
          return { 'content-type': info.contentType, ...headers };
        },
      },
      etag: (info) => info.etag,
    },
    {
      ambient: ctx.ambient,
      progress: session.progress,
      signal: AbortSignal.any([signal, stop.signal]),
    },
  ).catch((error: unknown) => {
    if (held === undefined || signal.aborted) throw error;
    return undefined;
  });
  if (held === 'large') return await deferSlo(ctx, source, signal);
  if (held === 'expiring') return expiring(ctx, name);
  if (relayed === null || relayed === undefined) return gone(ctx, name);
  if (relayed.info.etag !== source.hash) ctx.tally.changed += 1;
  const version = versionMade(relayed.written, mirror, name);
  return { name, row: rowOf(source, relayed.info, version) };
}

/** Both regions share one Swift: it copies, and nothing passes through this process. */
async function copyAcross(
  ctx: ShipContext,
  source: ListingRow,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session, container, mirror } = ctx;
  const { name } = source;
  const isOwn = session.source.projectId === session.target.projectId;
  const info = await session.source.objectStore.head(container, name, { manifest: true, signal });
  if (info === null) return gone(ctx, name);
  if (info.isSlo) return await deferSlo(ctx, source, signal);
  const headers = metadataOf(info);
  if (isExpiring(ctx, headers)) return expiring(ctx, name);
  const written = await session.target.objectStore.copy(
    { container, object: name },
    { container: mirror, object: name },
    {
      manifest: true,
      headers: { 'content-type': info.contentType, ...headers, 'x-fresh-metadata': 'true' },
      ...(isOwn ? {} : { sourceProjectId: session.source.projectId }),
      signal,
    },
  );
  if (written === null) return gone(ctx, name);
  if (written.etag !== info.etag) throw changing(ctx, name);
  if (info.etag !== source.hash) ctx.tally.changed += 1;
  session.progress.copied({ objects: 1, bytes: info.bytes });
  return { name, row: rowOf(source, info, versionMade(written, mirror, name)) };
}

/** The time of an object that changed is its own, so that the next session compares with what was shipped. */
export function rowOf(source: ListingRow, info: ObjectInfo, version: string): CatalogRow {
  const isAsListed = info.isSlo ? info.etag === source.sloEtag : info.etag === source.hash;
  const headers = metadataOf(info);
  return {
    name: source.name,
    hash: isAsListed ? source.hash : info.etag,
    bytes: info.bytes,
    contentType: isAsListed ? source.contentType : fromWire(info.contentType),
    lastModified: isAsListed ? source.lastModified : info.lastModified,
    version,
    ...(info.isSlo ? { sloEtag: info.etag } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function isExpiring(ctx: ShipContext, headers: HeaderMap): boolean {
  return expiryMs(headers) <= ctx.ambient.clock.now() + expiryMarginMs;
}

function expiring(ctx: ShipContext, name: string): Outcome {
  ctx.tally.expiring += 1;
  return { name, absent: true };
}

export function gone(ctx: ShipContext, name: string): Outcome {
  ctx.tally.gone += 1;
  return { name, absent: true };
}

function changing(ctx: ShipContext, name: string): FarshoreError {
  return new FarshoreError('the object changed while it was copied', {
    code: 'transfer.source-changed',
    kind: 'transient',
    operation: 'copy object',
    subject: `${ctx.container}/${name}`,
  });
}
