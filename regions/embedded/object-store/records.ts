import { quote } from './wire.ts';

/** Times are ticks of 10 µs since the epoch: Swift's own five decimals, exact in a double. */
export type Ticks = number;

/** Names in lower case; values hold the wire's bytes as latin-1. */
export type HeaderMap = Readonly<Record<string, string>>;

export interface AccountRecord {
  readonly createdAt: Ticks;
  /** What a POST merges: `x-account-meta-…`, the temporary URLs' keys and the quota among them. */
  readonly headers: HeaderMap;
  readonly containers: number;
  readonly objects: number;
  readonly bytes: number;
}

export interface ContainerRecord {
  readonly createdAt: Ticks;
  readonly changedAt: Ticks;
  /** What a POST merges: `x-container-meta-…`, `x-container-read`, `x-container-write`, … */
  readonly headers: HeaderMap;
  /** As the listing shows them: behind the objects while the listing lags. */
  readonly objects: number;
  readonly bytes: number;
  /** There from the first time that versioning is enabled. */
  readonly versions?: VersionsRecord;
}

export interface VersionsRecord {
  readonly isEnabled: boolean;
  /** Delete markers count. */
  readonly objects: number;
  readonly bytes: number;
}

/** An object, a version of one, or the link to the current version. */
export interface ObjectRecord {
  /** Of the last change, a POST of metadata included. */
  readonly changedAt: Ticks;
  readonly writtenAt: Ticks;
  /** What is stored: of a large object the manifest, of a link nothing. */
  readonly bytes: number;
  readonly etag: string;
  readonly contentType: string;
  /** Null: there are no bytes. */
  readonly blob: string | null;
  /** What a POST replaces: `x-object-meta-…`, `x-object-manifest`, `content-encoding`, … */
  readonly headers: HeaderMap;
  readonly deleteAtSeconds?: number;
  /** Of the segments put together; the blob is the manifest. */
  readonly slo?: { readonly etag: string; readonly bytes: number };
  readonly symlink?: SymlinkRecord;
  /** A link to the version of that id, made by versioning itself; the rest is only about the link. */
  readonly versionLink?: VersionLink;
  readonly isDeleteMarker?: true;
}

export interface SymlinkRecord {
  /** Null: the link's own. */
  readonly account: string | null;
  readonly container: string;
  readonly object: string;
  /** Of a static link: it holds for this content only. */
  readonly static?: TargetRecord;
}

/** Of what a link points to when it was made. */
export interface TargetRecord {
  readonly etag: string;
  readonly bytes: number;
  readonly sloEtag?: string;
}

export interface VersionLink extends TargetRecord {
  readonly id: Ticks;
}

/** What a listing tells of an object, kept apart from it so that the two may differ for a while. */
export interface RowRecord {
  readonly changedAt: Ticks;
  readonly etag: string;
  readonly bytes: number;
  readonly contentType: string;
  /** Of the segments put together, as the listing shows it; statistics count the manifest. */
  readonly sloBytes?: number;
  /** Quoted. */
  readonly sloEtag?: string;
  /** Complete, percent-encoded: `/v1/AUTH_x/c/o`. */
  readonly symlinkPath?: string;
  readonly symlinkEtag?: string;
  readonly symlinkBytes?: number;
  /** Of a link to a version; then the symlink's fields are about that version. */
  readonly versionId?: Ticks;
}

/** A change of a listing that the lag still hides. */
export interface PendingRow {
  readonly account: string;
  readonly container: string;
  /** The object's, or the version's. */
  readonly name: string;
  /** Null: it goes away. */
  readonly row: RowRecord | null;
  readonly madeAtMs: number;
}

/** What is to be deleted when its time is up. */
export interface ExpiryRecord {
  readonly account: string;
  readonly container: string;
  readonly name: string;
}

export type RowKind = 'object' | 'version';

export function rowOf(account: string, record: ObjectRecord): RowRecord {
  const { changedAt, etag, bytes, contentType, slo, symlink, versionLink } = record;
  const row = { changedAt, etag, bytes, contentType };
  if (slo !== undefined) return { ...row, sloBytes: slo.bytes, sloEtag: `"${slo.etag}"` };
  if (versionLink !== undefined)
    return { ...row, ...targetInRow(versionLink), versionId: versionLink.id };
  if (symlink === undefined) return row;
  const { container, object } = symlink;
  return {
    ...row,
    ...(symlink.static === undefined ? {} : targetInRow(symlink.static)),
    symlinkPath: `/v1/${quote(`${symlink.account ?? account}/${container}/${object}`)}`,
  };
}

function targetInRow(target: TargetRecord): Partial<RowRecord> {
  const { etag, bytes, sloEtag } = target;
  return {
    ...(sloEtag === undefined ? {} : { sloEtag: `"${sloEtag}"` }),
    symlinkEtag: etag,
    symlinkBytes: bytes,
  };
}

/**
 * For the links to what is this record: the segments of a large object count, the etag is its own.
 * Of a static link, all is its target's.
 */
export function targetOf({
  etag,
  bytes,
  slo,
  symlink,
}: Pick<ObjectRecord, 'etag' | 'bytes' | 'slo' | 'symlink'>): TargetRecord {
  if (symlink?.static !== undefined) return symlink.static;
  return slo === undefined ? { etag, bytes } : { etag, bytes: slo.bytes, sloEtag: slo.etag };
}
