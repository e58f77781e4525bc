import type {
  HeaderMap,
  ListingRow,
  ListOptions,
  ObjectInfo,
} from '../../../regions/object-store/types.ts';
import { md5, type Segment } from './swift-large.ts';
import {
  swiftTime,
  swiftTimestamp,
  type Link,
  type Stored,
  type StoredContainer,
} from './swift-state.ts';

/** Headers of an object that Swift keeps and gives back. */
const keptHeader =
  /^(x-object-meta-.*|content-(encoding|disposition|language)|cache-control|expires|x-robots-tag|x-object-manifest)$/;
export function deleteVersion(
  container: StoredContainer,
  object: string,
  versionId: string,
): boolean {
  const versions = container.versions.get(object) ?? [];
  const left = versions.filter((version) => version.id !== versionId);
  const link = container.current.get(object);
  if (link?.stored.id === versionId) {
    // Swift does not know the link again when the name looks percent-encoded, and leaves it.
    if (/%[0-9a-f]{2}/i.test(object)) link.isDangling = true;
    else container.current.delete(object);
  }
  if (left.length === 0) container.versions.delete(object);
  else container.versions.set(object, left);
  return left.length < versions.length;
}

export function infoOf(
  stored: Stored,
  body: Buffer,
  isManifest: boolean,
  deleteAt?: number,
): ObjectInfo {
  const { slo, symlink } = stored;
  const dlo = stored.headers['x-object-manifest'];
  return {
    bytes: body.length,
    etag: etagOf(stored, body, isManifest),
    contentType: stored.contentType,
    lastModified: swiftTime(stored.modifiedUs),
    headers: {
      ...stored.headers,
      'content-type': stored.contentType,
      'x-timestamp': swiftTimestamp(stored.modifiedUs),
      ...(symlink === undefined ? {} : symlinkHeaders(symlink)),
      ...(slo === undefined ? {} : { 'x-static-large-object': 'True' }),
      ...(deleteAt === undefined ? {} : { 'x-delete-at': String(deleteAt) }),
    },
    ...(stored.id === 'null' ? {} : { versionId: stored.id }),
    isSlo: slo !== undefined,
    ...(dlo === undefined ? {} : { dloPrefix: decodeURIComponent(dlo) }),
    ...(symlink === undefined ? {} : { symlinkTarget: symlink.target }),
    ...(deleteAt === undefined ? {} : { deleteAtSeconds: deleteAt }),
  };
}

/** What was recorded when it was written: bytes that were altered since have another hash. */
function etagOf({ slo, body: own, etag }: Stored, body: Buffer, isManifest: boolean): string {
  if (slo !== undefined) return isManifest ? md5(body) : slo.etag;
  return body === own ? etag : md5(body);
}

function symlinkHeaders(symlink: NonNullable<Stored['symlink']>): HeaderMap {
  return {
    'x-symlink-target': symlink.target.split('/').map(encodeURIComponent).join('/'),
    ...(symlink.etag === undefined ? {} : { 'x-symlink-target-etag': symlink.etag }),
  };
}

export function setDeleteAt(link: Link, headers: HeaderMap): void {
  const deleteAt = headers['x-delete-at'];
  if (deleteAt === undefined) delete link.deleteAtSeconds;
  else link.deleteAtSeconds = Number(deleteAt);
}

export function kept(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => keptHeader.test(name) && value !== ''),
  );
}

export function segmentsOf(body: Buffer): readonly Segment[] {
  return JSON.parse(body.toString()) as readonly Segment[];
}

export function splitPath(path: string): readonly [string, string] {
  const slash = path.indexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
}

export function isWithin(
  row: ListingRow,
  marker: { readonly name: string; readonly versionId?: string } | undefined,
  options: ListOptions,
): boolean {
  if (!row.name.startsWith(options.prefix ?? '')) return false;
  const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (options.endMarker !== undefined && compare(row.name, options.endMarker) >= 0) return false;
  if (marker === undefined) return true;
  const order = compare(row.name, marker.name);
  if (order !== 0) return order > 0;
  return marker.versionId !== undefined && (row.versionId ?? '') < marker.versionId;
}
