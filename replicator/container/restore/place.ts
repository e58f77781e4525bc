import { decodeName, encodeName } from '../../../regions/object-store/names.ts';
import type { HeaderMap } from '../../../regions/object-store/types.ts';
import type { TargetContext } from '../../mover.ts';
import { headersToPut, kindOf, type CatalogRow } from '../catalog/row.ts';
import { readManifest, rewrittenManifest, splitPath } from '../ship/manifest.ts';
import type { MirrorCopy } from '../types.ts';
import { versionMissing } from './failover.ts';

export interface Place {
  readonly container: string;
  /** A container of the source, or where its mirror lies → the one that stands for it here. */
  readonly renamed: (container: string) => string;
  /** Set only where the object is to live on. */
  readonly deleteAt?: string | undefined;
}

/**
 * Puts one version into another container of the same account: bytes by a server-side copy, what
 * refers to other objects anew, since Swift carries a manifest's target over unchanged in a copy.
 * Doing it twice gives the same object.
 */
export async function placeObject(
  row: CatalogRow,
  mirror: MirrorCopy,
  place: Place,
  at: TargetContext,
): Promise<void> {
  const kind = kindOf(row);
  if (kind === 'plain') await copyVersion(row, mirror, place, at);
  else if (kind === 'slo') await putManifest(row, mirror, place, at);
  else await putReference(row, place, at);
}

async function copyVersion(row: CatalogRow, mirror: MirrorCopy, place: Place, at: TargetContext) {
  const { deleteAt } = place;
  const written = await at.target.objectStore.copy(
    { container: mirror.mirror, object: row.name, versionId: row.version },
    { container: place.container, object: row.name },
    {
      manifest: true,
      ...(deleteAt === undefined ? {} : { headers: { 'x-delete-at': deleteAt } }),
      signal: at.signal,
    },
  );
  if (written === null) throw versionMissing(mirror, row);
  at.progress.copied({ objects: 1, bytes: row.bytes });
}

async function putManifest(row: CatalogRow, mirror: MirrorCopy, place: Place, at: TargetContext) {
  const store = at.target.objectStore;
  const options = { versionId: row.version, signal: at.signal };
  const manifest = await readManifest(store, mirror.mirror, row.name, options);
  if (manifest === null) throw versionMissing(mirror, row);
  const body = rewrittenManifest(manifest, place.renamed);
  await store.put(place.container, row.name, body, {
    contentLength: body.length,
    ...(row.sloEtag === undefined ? {} : { etag: row.sloEtag }),
    headers: withExpiry(headersToPut(row), place),
    manifest: true,
    signal: at.signal,
  });
  at.progress.copied({ objects: 1 });
}

async function putReference(row: CatalogRow, place: Place, at: TargetContext) {
  const headers = withExpiry(headersToPut(row), place);
  for (const name of ['x-object-manifest', 'x-symlink-target']) {
    const target = headers[name];
    if (target === undefined) continue;
    const [container, object] = splitPath(decodeName(target));
    headers[name] = encodeName(`${place.renamed(container)}/${object}`);
  }
  const options = { contentLength: 0, headers, signal: at.signal };
  await at.target.objectStore.put(place.container, row.name, '', options);
  at.progress.copied({ objects: 1 });
}

function withExpiry(headers: HeaderMap, place: Place): Record<string, string> {
  const placed = { ...headers };
  delete placed['x-delete-at'];
  if (place.deleteAt !== undefined) placed['x-delete-at'] = place.deleteAt;
  return placed;
}
