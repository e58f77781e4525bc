import { FarshoreError } from '../../../kernel/errors.ts';
import type { HeaderMap, ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';

/**
 * One object at the cut: what the source's listing said of it, or, when it changed while it was
 * shipped, what was shipped; and the version that holds it in the mirror.
 */
export interface CatalogRow {
  readonly name: string;
  /** MD5 of the bytes; of an SLO, of the source's manifest. */
  readonly hash: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly lastModified: string;
  readonly version: string;
  readonly sloEtag?: string;
  /** Metadata on the wire's bytes: `x-object-meta-*`, `x-delete-at`, `x-object-manifest`, `x-symlink-target`, … */
  readonly headers?: HeaderMap;
  /** Of an SLO or DLO: the containers in the source that its segments lie in. */
  readonly segments?: readonly string[];
}

export type RowKind = 'plain' | 'slo' | 'dlo' | 'symlink';

/** A DLO with bytes of its own is shipped as a plain object: its manifest header is but metadata. */
export function kindOf(row: Pick<CatalogRow, 'bytes' | 'sloEtag' | 'headers'>): RowKind {
  if (row.sloEtag !== undefined) return 'slo';
  if (row.headers?.['x-symlink-target'] !== undefined) return 'symlink';
  if (row.bytes === 0 && row.headers?.['x-object-manifest'] !== undefined) return 'dlo';
  return 'plain';
}

/** Swift's own allowed headers of an object (object-server.conf `allowed_headers`), and user metadata. */
const keptHeader =
  /^(x-object-meta-.+|content-encoding|content-disposition|content-language|cache-control|expires|x-robots-tag|x-delete-at|x-object-manifest|x-symlink-target(-etag|-account)?)$/;

/** All of an object's properties that are not its bytes, name or content type. */
export function metadataOf(info: Pick<ObjectInfo, 'headers'>): HeaderMap {
  return Object.fromEntries(
    Object.entries(info.headers)
      .filter(([name]) => keptHeader.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What was read in a version can be compared with a row; Swift keeps the expiry on the current link alone. */
export function hasEqualMetadata(a: HeaderMap = {}, b: HeaderMap = {}): boolean {
  const essence = (headers: HeaderMap) =>
    Object.entries(headers)
      .filter(([name]) => name !== 'x-delete-at')
      .sort(([x], [y]) => (x < y ? -1 : 1));
  return JSON.stringify(essence(a)) === JSON.stringify(essence(b));
}

/** Milliseconds since the epoch; Infinity for what does not expire. */
export function expiryMs(headers: HeaderMap | undefined): number {
  const seconds = headers?.['x-delete-at'];
  return seconds === undefined ? Infinity : Number(seconds) * 1000;
}

/** Headers to store the object with; a listing's type is text, a header's is bytes. */
export function headersToPut(row: Pick<CatalogRow, 'contentType' | 'headers'>): HeaderMap {
  const contentType = Buffer.from(row.contentType, 'utf8').toString('latin1');
  return { 'content-type': contentType, ...row.headers };
}

/** The bank proved that the bytes are ours; this guards against a catalog of another kind. */
export async function* catalogRows(rows: AsyncIterable<unknown>): AsyncGenerator<CatalogRow> {
  for await (const row of rows) {
    if (typeof row !== 'object' || row === null || !('name' in row) || !('version' in row))
      throw new FarshoreError('a row is not that of a container', {
        code: 'container.catalog-malformed',
        kind: 'permanent',
        operation: 'read catalog',
        hint: 'the manifest names a catalog of another kind of resource',
      });
    yield row as CatalogRow;
  }
}

/** The version that a row of a mirror's listing, plain or with versions, stands for. */
export function versionOf(row: ListingRow): string | undefined {
  if (row.versionId !== undefined) return row.versionId;
  const at = row.symlinkPath?.lastIndexOf('?version-id=') ?? -1;
  return at < 0 ? undefined : row.symlinkPath?.slice(at + '?version-id='.length);
}

const markerType = /^application\/x-deleted\s*;\s*swift_versions_deleted=1$/;

export function isDeleteMarker(row: ListingRow): boolean {
  return markerType.test(row.contentType);
}

/** Whether a listed object holds the bytes that the row tells of. An SLO's manifest differs from mirror to source. */
export function holdsBytesOf(
  row: Pick<CatalogRow, 'hash' | 'bytes' | 'sloEtag'>,
  listed: Pick<ListingRow, 'hash' | 'bytes' | 'sloEtag'>,
): boolean {
  if (row.bytes !== listed.bytes) return false;
  return row.sloEtag === undefined ? row.hash === listed.hash : row.sloEtag === listed.sloEtag;
}
