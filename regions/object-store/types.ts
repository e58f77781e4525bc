import type { Readable } from 'node:stream';

/** Header names in lower case. Values hold the wire's bytes as latin-1, so that they can be sent back unchanged. */
export type HeaderMap = Readonly<Record<string, string>>;

/** One row of a container's listing (`format=json`). */
export interface ListingRow {
  readonly name: string;
  /** MD5 of the stored bytes; for an SLO that of its manifest, see `sloEtag`. */
  readonly hash: string;
  readonly bytes: number;
  /**
   * Text, its parameters re-joined by Swift: hold it against a HEAD's with `isSameType`. Empty where
   * the store does not tell (Ceph RGW, of an object put without a type).
   */
  readonly contentType: string;
  /** As Swift writes it, `2026-11-21T08:00:00.123450`, UTC; moves with a metadata POST while `hash` stays. */
  readonly lastModified: string;
  readonly sloEtag?: string;
  /**
   * A static large object of Ceph RGW: `hash` is that of no bytes, `bytes` the manifest's length, and
   * its manifest cannot be read. Only a plain GET gives what it holds.
   */
  readonly isOpaqueSlo?: true;
  /** `/v1/<account>/<container>/<object>` of a symlink's target, decoded. */
  readonly symlinkPath?: string;
  readonly symlinkEtag?: string;
  /**
   * With `versions`, and of objects in a container with versioning (where a user's symlink then
   * shows no target: ask for it). `null` is the string Swift uses for an object older than versioning.
   */
  readonly versionId?: string;
  readonly isLatest?: boolean;
}

export interface ListOptions {
  readonly prefix?: string;
  readonly marker?: string;
  readonly endMarker?: string;
  /** Every version of every object, newest first within a name; the container must have versioning. */
  readonly versions?: boolean;
  /** Rows a page; 10,000, Swift's own limit, unless given. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

export interface ContainerInfo {
  readonly name: string;
  readonly objects: number;
  readonly bytes: number;
  readonly versioning: boolean;
  /** All headers: user metadata `x-container-meta-*`, ACLs `x-container-read`/`-write`, and others. */
  readonly headers: HeaderMap;
}

export interface ObjectInfo {
  readonly bytes: number;
  /** Without quotes. Of an SLO fetched whole: the SLO's ETag; fetched as manifest: the manifest's. */
  readonly etag: string;
  readonly contentType: string;
  readonly lastModified: string;
  readonly headers: HeaderMap;
  readonly versionId?: string;
  readonly isSlo: boolean;
  /** `container/prefix` of a dynamic large object. */
  readonly dloPrefix?: string;
  /** `container/object` of a symlink fetched with `symlink`. */
  readonly symlinkTarget?: string;
  /** Seconds since the epoch, from X-Delete-At. */
  readonly deleteAtSeconds?: number;
}

export interface ReadOptions {
  readonly versionId?: string;
  /** Ask every copy for the newest (`X-Newest`). */
  readonly newest?: boolean;
  /**
   * An SLO's manifest in the form that PUT takes (`multipart-manifest=get&format=raw`), a DLO's own
   * bytes. Swift writes the form anew: its ETag is not the listing's `hash`, which is
   * `x-manifest-etag` of a plain `head`; and `head` cannot tell the form's size. `get` throws
   * `object-store.manifest-hidden` where the store keeps it to itself.
   */
  readonly manifest?: boolean;
  /** The symlink itself. */
  readonly symlink?: boolean;
  readonly ifMatch?: string;
  /** Inclusive byte range. */
  readonly range?: { readonly first: number; readonly last?: number };
  readonly signal?: AbortSignal;
}

export interface ObjectDownload {
  readonly info: ObjectInfo;
  /** Must be read to its end or destroyed. Errors when the connection ends before `info.bytes`. */
  readonly body: Readable;
}

/** All of an object, in memory. */
export interface WholeObject {
  readonly info: ObjectInfo;
  readonly content: Buffer;
}

export interface WriteOptions {
  /** Exact length of the body. */
  readonly contentLength: number;
  /**
   * MD5 the server must find, else it answers 422 and keeps nothing (`object-store.checksum-mismatch`).
   * What is no MD5 (`isMd5`) is not sent: then nothing was compared.
   */
  readonly etag?: string;
  /** Any further headers: content-type, x-object-meta-*, x-delete-at, x-object-manifest, x-symlink-target, … */
  readonly headers?: HeaderMap;
  /** The body is an SLO manifest (`multipart-manifest=put`). */
  readonly manifest?: boolean;
  readonly signal?: AbortSignal;
}

export interface Written {
  readonly etag: string;
  readonly lastModified: string;
  /** Present in a container with versioning. */
  readonly versionId?: string;
}

export interface ObjectRef {
  readonly container: string;
  readonly object: string;
  readonly versionId?: string;
}

export interface CopyOptions {
  /** Project id of the source's account when it is not this one. */
  readonly sourceProjectId?: string;
  /** Copy an SLO's manifest, a symlink, as what they are and not as what they stand for. */
  readonly manifest?: boolean;
  readonly symlink?: boolean;
  /** Headers to set in addition; metadata is carried over by Swift. */
  readonly headers?: HeaderMap;
  readonly signal?: AbortSignal;
}

/**
 * One Swift account. Reads of what does not exist give null; every other refusal throws a
 * RequestError. Calls are retried inside where that is safe; a body that is a stream is never
 * replayed, so `put` of a stream throws a transient error and its caller opens the source again.
 */
export interface ObjectStore {
  /** `AUTH_<project id>` or whatever the catalogue says. */
  readonly account: string;
  /** The `/info` document; `abilitiesOf` reads it. Kept after the first call. */
  info(signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;

  listContainers(options?: {
    readonly prefix?: string;
    readonly signal?: AbortSignal;
  }): AsyncIterable<{ readonly name: string; readonly objects: number; readonly bytes: number }>;
  headContainer(container: string, signal?: AbortSignal): Promise<ContainerInfo | null>;
  /** Creates it or, when it exists, applies the headers. */
  putContainer(container: string, headers?: HeaderMap, signal?: AbortSignal): Promise<void>;
  postContainer(container: string, headers: HeaderMap, signal?: AbortSignal): Promise<void>;
  /** False when there was none; throws `object-store.container-not-empty`. */
  deleteContainer(container: string, signal?: AbortSignal): Promise<boolean>;

  /** Ordered by the UTF-8 bytes of the name, all pages; a container that does not exist throws 404. */
  list(container: string, options?: ListOptions): AsyncIterable<ListingRow>;
  head(container: string, object: string, options?: ReadOptions): Promise<ObjectInfo | null>;
  get(container: string, object: string, options?: ReadOptions): Promise<ObjectDownload | null>;
  /** In memory, for what is small: a fraction of what a stream costs. `larger`: it has more than `mostBytes`. */
  getWhole(
    container: string,
    object: string,
    options: ReadOptions & { readonly mostBytes: number },
  ): Promise<WholeObject | 'larger' | null>;
  put(
    container: string,
    object: string,
    body: Readable | Buffer | string,
    options: WriteOptions,
  ): Promise<Written>;
  /** Replaces the object's metadata (Swift's POST). False when there was none. */
  post(
    container: string,
    object: string,
    headers: HeaderMap,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** Server-side copy into this account, up to 5 GB (larger: `manifest`); null when the source does not exist. */
  copy(from: ObjectRef, to: ObjectRef, options?: CopyOptions): Promise<Written | null>;
  /** Makes a kept version (no delete marker) the current one again; nothing is copied. False when there is no such version. */
  restoreVersion(
    container: string,
    object: string,
    versionId: string,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /**
   * False when there was none: with versioning a delete marker is written all the same, so ask first.
   * Never deletes the segments of a large object. Of the current version: that and the link to it.
   */
  delete(
    container: string,
    object: string,
    options?: { readonly versionId?: string; readonly signal?: AbortSignal },
  ): Promise<boolean>;
}
