import { FarshoreError } from '../../../kernel/errors.ts';
import { decodeName, encodeName } from '../../../regions/object-store/names.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import type { HeaderMap } from '../../../regions/object-store/types.ts';
import { StoredObjects } from '../../bank/stored-objects.ts';
import type { TargetContext } from '../../mover.ts';
import { copyObject, type Copied } from '../../transfer/copy-object.ts';
import { rewrittenManifest, splitPath } from '../catalog/manifest.ts';
import { kindOf, toWire, type CatalogRow } from '../catalog/row.ts';
import type { RestoreDeps } from './deps.ts';

export interface Place {
  readonly container: string;
  /** A container of the source → the one that stands for it here. */
  readonly renamed: (container: string) => string;
  /** Objects of a drill do not expire: its own end removes them. */
  readonly isLasting: boolean;
}

/**
 * Puts one object of the point into a container: bytes by a copy out of the bank, manifests and links by
 * what the catalog says. It replaces nothing, so doing it twice, or late, changes nothing.
 */
export async function placeObject(
  row: CatalogRow,
  place: Place,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<Copied> {
  const headers = headersOf(row, place);
  if (kindOf(row) === 'slo') return await putManifest(row, headers, place, at);
  if (row.key === undefined) return await putNew(row.name, Buffer.alloc(0), headers, place, at);
  const bank = new StoredObjects(at.bank, at.group);
  const { objectStore: store, projectId } = at.target;
  const { container } = place;
  return await copyObject(
    {
      from: { store: bank.store, container: bank.container, object: bank.nameOf(row.key) },
      to: { store, projectId, container, object: row.name, headers },
      bytes: row.bytes,
    },
    { ambient: deps.ambient, progress: at.progress, signal: at.signal },
  );
}

function headersOf(row: CatalogRow, place: Place): HeaderMap {
  const headers: Record<string, string> = { ...row.headers };
  if (!place.isLasting) delete headers['x-delete-at'];
  for (const name of ['x-object-manifest', 'x-symlink-target']) {
    const target = headers[name];
    if (target !== undefined) headers[name] = renamedPath(target, place.renamed);
  }
  return { 'content-type': toWire(row.contentType), ...headers };
}

function renamedPath(wire: string, renamed: Place['renamed']): string {
  const [container, object] = splitPath(decodeName(wire));
  const name = renamed(container);
  // As the user wrote it, where it leads to the same.
  return name === container ? wire : encodeName(`${name}/${object}`);
}

/** No ETag goes along, since Ceph refuses all; every segment's own is in the manifest, and is compared. */
async function putManifest(
  row: CatalogRow,
  headers: HeaderMap,
  place: Place,
  at: TargetContext,
): Promise<Copied> {
  const body = rewrittenManifest(row.manifest ?? [], place.renamed);
  return await putNew(row.name, body, headers, place, at, 'manifest');
}

/**
 * Swift follows a manifest and a static link when it takes them, with the headers of the request: a
 * condition would be asked of what they lead to, and they would be refused. So the name is looked at
 * before; whoever writes it in that instant is overwritten.
 */
async function isThere(name: string, place: Place, at: TargetContext): Promise<boolean> {
  const options = { newest: true, symlink: true, manifest: true, signal: at.signal };
  return (await at.target.objectStore.head(place.container, name, options)) !== null;
}

async function putNew(
  name: string,
  body: Buffer,
  headers: HeaderMap,
  place: Place,
  at: TargetContext,
  manifest?: 'manifest',
): Promise<Copied> {
  const isFollowed = manifest !== undefined || headers['x-symlink-target-etag'] !== undefined;
  if (isFollowed && (await isThere(name, place, at))) return 'present';
  const options = {
    contentLength: body.length,
    headers: isFollowed ? headers : { ...headers, 'if-none-match': '*' },
    ...(manifest === undefined ? {} : { manifest: true }),
    signal: at.signal,
  };
  try {
    await at.target.objectStore.put(place.container, name, body, options);
    at.progress.copied({ objects: 1 });
    return 'made';
  } catch (error) {
    if (hasStatus(error, 412)) return 'present';
    throw error;
  }
}

/** True of what Swift answers when that which an object refers to is not there (yet). */
export function isUnresolved(error: unknown): boolean {
  return error instanceof FarshoreError && hasStatus(error, 400, 404, 409, 422);
}
