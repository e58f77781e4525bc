import { FarshoreError } from '../../../kernel/errors.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import { metadataOf, type CatalogRow } from '../catalog/row.ts';
import { versionMade, type Outcome, type Pending, type ShipContext } from './context.ts';
import { gone, putEmpty, rowOf, shipObject } from './object.ts';
import { readManifest, rewrittenManifest, segmentRefs } from './manifest.ts';

/** What Swift answers when that which an object refers to is not there (yet). */
const refusals = [400, 404, 409, 412, 422];

/**
 * Ships what refers to other objects. `unresolved` when the mirror refused it because of what it
 * refers to: that may be one of those still to come. Sending it twice makes a second version, no more.
 */
export async function shipPending(
  ctx: ShipContext,
  pending: Pending,
  signal: AbortSignal,
): Promise<Outcome | 'unresolved'> {
  try {
    return pending.kind === 'slo'
      ? await shipSlo(ctx, pending, signal)
      : await shipReference(ctx, pending, signal);
  } catch (error) {
    if (hasStatus(error, ...refusals)) return 'unresolved';
    throw error;
  }
}

/** The SLO's own ETag goes along: the mirror takes the manifest only if its segments make up the same. */
async function shipSlo(ctx: ShipContext, pending: Pending, signal: AbortSignal): Promise<Outcome> {
  const { session, container, mirror } = ctx;
  const { name, source } = pending;
  const from = session.source.objectStore;
  const info = await from.head(container, name, { signal });
  if (info === null) return gone(ctx, name);
  // Overwritten since by an object that refers to nothing.
  if (!info.isSlo) return await shipObject(ctx, { ...source, bytes: info.bytes }, signal);
  const manifest = await readManifest(from, container, name, { signal });
  if (manifest === null) return gone(ctx, name);
  const body = rewrittenManifest(manifest, ctx.mirrorOf);
  const written = await session.target.objectStore.put(mirror, name, body, {
    contentLength: body.length,
    etag: info.etag,
    headers: { 'content-type': info.contentType, ...metadataOf(info) },
    manifest: true,
    signal,
  });
  session.progress.moved({ objects: 1 });
  const row = rowOf(source, info, versionMade(written, mirror, name));
  return { name, row: { ...row, segments: pending.segments } };
}

async function shipReference(
  ctx: ShipContext,
  pending: Pending,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session, container } = ctx;
  const { name, source } = pending;
  const options = { manifest: true, symlink: true, signal };
  const info = await session.source.objectStore.head(container, name, options);
  if (info === null) return gone(ctx, name);
  if (info.bytes > 0 || info.isSlo)
    return await shipObject(ctx, { ...source, bytes: info.bytes }, signal);
  const row = await putEmpty(ctx, source, ownAccount(ctx, info), signal);
  const isDlo = info.dloPrefix !== undefined;
  return { name, row: isDlo ? { ...row, segments: pending.segments } : row };
}

/** A symlink into the source's own account must lead into the target's own. */
function ownAccount<I extends { readonly headers: Readonly<Record<string, string>> }>(
  ctx: ShipContext,
  info: I,
): I {
  const { 'x-symlink-target-account': account, ...rest } = info.headers;
  return account === ctx.session.source.objectStore.account ? { ...info, headers: rest } : info;
}

/**
 * What no round could place. An SLO whose segments are all there in the source is our failure and
 * throws; one that the source cannot serve either, or a static symlink to what is not mirrored, is
 * left out and counted.
 */
export async function giveUp(
  ctx: ShipContext,
  pending: Pending,
  signal: AbortSignal,
): Promise<Outcome> {
  if (pending.kind === 'slo' && (await isServable(ctx, pending.name, signal)))
    throw new FarshoreError('the mirror refuses the manifest of a large object that is whole', {
      code: 'container.manifest-refused',
      kind: 'transient',
      operation: 'ship large object',
      subject: `${ctx.container}/${pending.name}`,
      hint: 'its segments may have changed while they were shipped; the next session takes them as they are then',
    });
  ctx.tally.unusable(pending.name);
  return { name: pending.name, absent: true };
}

async function isServable(ctx: ShipContext, name: string, signal: AbortSignal): Promise<boolean> {
  const from = ctx.session.source.objectStore;
  const manifest = await readManifest(from, ctx.container, name, { signal });
  for (const segment of segmentRefs(manifest ?? [])) {
    const info = await from.head(segment.container, segment.name, { signal });
    if (info === null || (segment.etag !== undefined && info.etag !== segment.etag)) return false;
  }
  return manifest !== null;
}

export function rowOfOutcome(outcome: Outcome): CatalogRow | undefined {
  return 'row' in outcome ? outcome.row : undefined;
}
