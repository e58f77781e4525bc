import type { HeaderMap, ListingRow } from '../../../regions/object-store/types.ts';

/** One stored object, or version of it. `id` is `null` outside versioned containers. */
export interface Stored {
  readonly id: string;
  readonly body: Buffer;
  /** MD5 of `body`: of an SLO, of its manifest. */
  readonly etag: string;
  readonly slo?: { readonly etag: string; readonly bytes: number };
  readonly symlink?: {
    readonly target: string;
    readonly account: string;
    /** Of a static one: what the target must be, and its size when it was made. */
    readonly etag?: string;
    readonly bytes?: number;
  };
  readonly isMarker?: boolean;
  contentType: string;
  headers: HeaderMap;
  modifiedUs: number;
}

/** What a name stands for now; in a versioned container Swift keeps a link that points to the version. */
export interface Link {
  readonly stored: Stored;
  modifiedUs: number;
  deleteAtSeconds?: number;
  /** Its version was deleted: it is listed, and leads nowhere. */
  isDangling?: boolean;
  /** Swift forgets in the plain listing that a version made current again is an SLO. */
  readonly isSloForgotten?: boolean;
}

export interface StoredContainer {
  headers: Record<string, string>;
  versioning?: boolean;
  readonly current: Map<string, Link>;
  /** Newest first. */
  readonly versions: Map<string, Stored[]>;
  /** What listings show while they lag. */
  frozen?: { readonly plain: readonly ListingRow[]; readonly versions: readonly ListingRow[] };
}

export function newContainer(): StoredContainer {
  return { headers: {}, current: new Map(), versions: new Map() };
}

export function isVersioned(container: StoredContainer): boolean {
  return container.versioning !== undefined;
}

/** `2026-11-21T08:00:00.123450`. */
export function swiftTime(us: number): string {
  const seconds = Math.floor(us / 1e6);
  const fraction = String(us % 1e6).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}`;
}

/** `1795252330.86910`. */
export function swiftTimestamp(us: number): string {
  const hundredths = String(Math.floor((us % 1e6) / 10)).padStart(5, '0');
  return `${Math.floor(us / 1e6)}.${hundredths}`;
}

function rowOf(name: string, stored: Stored, modifiedUs: number): ListingRow {
  return {
    name,
    hash: stored.etag,
    bytes: stored.slo?.bytes ?? stored.body.length,
    contentType: stored.contentType,
    lastModified: swiftTime(modifiedUs),
    ...(stored.slo === undefined ? {} : { sloEtag: stored.slo.etag }),
  };
}

function withSymlink(row: ListingRow, stored: Stored): ListingRow {
  if (stored.symlink === undefined) return row;
  const { target, account, etag } = stored.symlink;
  return {
    ...row,
    symlinkPath: `/v1/${account}/${target}`,
    ...(etag === undefined ? {} : { symlinkEtag: etag }),
  };
}

function plainRow(account: string, container: string, name: string, link: Link): ListingRow {
  const { stored } = link;
  const row = rowOf(name, stored, link.modifiedUs);
  if (stored.id === 'null') return withSymlink(row, stored);
  const { sloEtag, ...rest } = row;
  return {
    ...rest,
    // A static symlink is listed with its target's size, in a container with versioning alone.
    ...(stored.symlink?.bytes === undefined ? {} : { bytes: stored.symlink.bytes }),
    ...(sloEtag === undefined || link.isSloForgotten === true ? {} : { sloEtag }),
    ...(link.isSloForgotten === true ? { bytes: stored.body.length } : {}),
    symlinkPath: `/v1/${account}/${container}/${name}?version-id=${stored.id}`,
  };
}

function byName(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function plainRows(account: string, name: string, container: StoredContainer): ListingRow[] {
  return [...container.current.keys()].sort(byName).map((object) => {
    return plainRow(account, name, object, container.current.get(object)!);
  });
}

export function versionRows(container: StoredContainer): ListingRow[] {
  const names = [...new Set([...container.versions.keys(), ...container.current.keys()])];
  return names.sort(byName).flatMap((name) => {
    const link = container.current.get(name);
    const kept = container.versions.get(name) ?? [];
    const all = link?.stored.id === 'null' ? [link.stored, ...kept] : kept;
    return all.map((stored) => ({
      ...withSymlink(rowOf(name, stored, stored.modifiedUs), stored),
      versionId: stored.id,
      isLatest: link === undefined ? stored === all[0] : link.stored === stored,
    }));
  });
}
