import { FarshoreError } from '../../../kernel/errors.ts';
import { decodeName } from '../../../regions/object-store/names.ts';
import type { HeaderMap, ObjectInfo } from '../../../regions/object-store/types.ts';
import { splitPath, type ManifestEntry } from './manifest.ts';

/** What the source's listing said of an object; compared only with what a listing says again. */
export interface Listed {
  readonly hash: string;
  readonly at: string;
  /** Where the listing writes the type otherwise than HEAD: Swift's drops blanks, Ceph's has none at times. */
  readonly type?: string;
}

/** One object at the cut: as it was listed, or, when it changed while it was read, as it was read. */
export interface CatalogRow {
  readonly name: string;
  /** Of an SLO those of the whole, else its own. */
  readonly bytes: number;
  /** As HEAD and GET give it. */
  readonly contentType: string;
  readonly listed: Listed;
  /** Where its own bytes lie in the bank; absent when it has none. */
  readonly key?: string;
  /** Of its own bytes, in lower-case hexadecimal; proven by the bank when they were stored. */
  readonly md5?: string;
  /** Absent where the bytes were copied inside one Swift and passed through nobody who could hash them. */
  readonly sha256?: string;
  readonly sloEtag?: string;
  /** Of an SLO: its manifest, in the form that PUT takes. */
  readonly manifest?: readonly ManifestEntry[];
  /** Metadata on the wire's bytes: `x-object-meta-*`, `x-delete-at`, `x-object-manifest`, `x-symlink-target`, … */
  readonly headers?: HeaderMap;
}

export type RowKind = 'plain' | 'slo' | 'dlo' | 'symlink';

export function kindOf(row: Pick<CatalogRow, 'sloEtag' | 'headers'>): RowKind {
  if (row.sloEtag !== undefined) return 'slo';
  if (row.headers?.['x-symlink-target'] !== undefined) return 'symlink';
  if (row.headers?.['x-object-manifest'] !== undefined) return 'dlo';
  return 'plain';
}

/** Bytes that lie under a key of its own. */
export function ownBytes(row: CatalogRow): number {
  return row.key === undefined ? 0 : row.bytes;
}

/** What an object refers to, by names in the source's account. */
export interface Reference {
  readonly container: string;
  /** An object's name, or what the names of a DLO's segments begin with. */
  readonly name: string;
  readonly isPrefix: boolean;
  /** Must be that of the object, else the reference is broken: of an SLO's segment, of a static symlink's target. */
  readonly etag?: string;
}

export function referencesOf(row: CatalogRow): readonly Reference[] {
  const prefix = row.headers?.['x-object-manifest'];
  if (prefix !== undefined) return reference(decodeName(prefix), undefined, true);
  const target = row.headers?.['x-symlink-target'];
  if (target !== undefined) {
    if (row.headers?.['x-symlink-target-account'] !== undefined) return [];
    return reference(decodeName(target), row.headers?.['x-symlink-target-etag'], false);
  }
  return (row.manifest ?? []).flatMap(({ path = '', etag }) => reference(path, etag, false));
}

function reference(
  path: string,
  etag: string | undefined,
  isPrefix: boolean,
): readonly Reference[] {
  const [container, name] = splitPath(path);
  if (container === '' || name === '') return [];
  return [{ container, name, isPrefix, ...(etag === undefined ? {} : { etag }) }];
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

export function hasEqualMetadata(a: HeaderMap = {}, b: HeaderMap = {}): boolean {
  const essence = (headers: HeaderMap) =>
    Object.entries(headers).sort(([x], [y]) => (x < y ? -1 : 1));
  return JSON.stringify(essence(a)) === JSON.stringify(essence(b));
}

/** Milliseconds since the epoch; Infinity for what does not expire. */
export function expiryMs(headers: HeaderMap | undefined): number {
  const seconds = headers?.['x-delete-at'];
  return seconds === undefined ? Infinity : Number(seconds) * 1000;
}

/** A property that is written as UTF-8 on the wire and read as latin-1. */
export function fromWire(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

export function toWire(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** The bank proved that the bytes are ours; this guards against a catalog of another kind. */
export async function* catalogRows(rows: AsyncIterable<unknown>): AsyncGenerator<CatalogRow> {
  for await (const row of rows) {
    if (typeof row !== 'object' || row === null || !('name' in row) || !('listed' in row))
      throw new FarshoreError('a row is not that of a container', {
        code: 'container.catalog-malformed',
        kind: 'permanent',
        operation: 'read catalog',
        hint: 'the manifest names a catalog of another kind of resource',
      });
    yield row as CatalogRow;
  }
}
