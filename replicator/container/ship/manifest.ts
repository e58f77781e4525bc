import { buffer } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';

/** An entry of an SLO's manifest as PUT takes it; `data` is base64 of bytes that lie in the manifest. */
export interface ManifestEntry {
  readonly path?: string;
  readonly etag?: string;
  readonly size_bytes?: number;
  readonly range?: string;
  readonly data?: string;
}

export interface SegmentRef {
  readonly container: string;
  readonly name: string;
  /** Of a segment that is an SLO itself: the SLO's. */
  readonly etag?: string;
  readonly bytes?: number;
}

/** Null when there is no such object. The manifest is at most 8 MiB by Swift's own limit. */
export async function readManifest(
  store: ObjectStore,
  container: string,
  object: string,
  options: { readonly versionId?: string; readonly signal: AbortSignal },
): Promise<readonly ManifestEntry[] | null> {
  const found = await store.get(container, object, { ...options, manifest: true });
  if (found === null) return null;
  const body = await buffer(found.body);
  const entries: unknown = found.info.isSlo ? parsed(body) : null;
  if (Array.isArray(entries)) return entries as ManifestEntry[];
  throw new FarshoreError('what Swift gave is not a manifest', {
    code: 'container.manifest-unreadable',
    kind: 'transient',
    operation: 'read manifest of large object',
    subject: `${container}/${object}`,
  });
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The caller refuses it with the object's name.
    return null;
  }
}

export function segmentRefs(entries: readonly ManifestEntry[]): readonly SegmentRef[] {
  return entries.flatMap(({ path, etag, size_bytes: bytes }) => {
    if (path === undefined) return [];
    const [container, name] = splitPath(path);
    return {
      container,
      name,
      ...(etag === undefined ? {} : { etag }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  });
}

export function manifestContainers(entries: readonly ManifestEntry[]): readonly string[] {
  return [...new Set(segmentRefs(entries).map(({ container }) => container))].sort();
}

/** The manifest for other containers, ready to PUT. */
export function rewrittenManifest(
  entries: readonly ManifestEntry[],
  renamed: (container: string) => string,
): Buffer {
  const rewritten = entries.map((entry) => {
    if (entry.path === undefined) return entry;
    const [container, name] = splitPath(entry.path);
    return { ...entry, path: `/${renamed(container)}/${name}` };
  });
  return Buffer.from(JSON.stringify(rewritten));
}

/** The ETag that Swift gives the whole (slo.py): MD5 over the segments' ETags, with their ranges. */
export function sloEtagOf(entries: readonly ManifestEntry[]): string {
  const parts = entries.map((entry) => {
    if (entry.data !== undefined) return md5(Buffer.from(entry.data, 'base64'));
    const etag = entry.etag ?? '';
    return entry.range === undefined ? etag : `${etag}:${entry.range};`;
  });
  return md5(Buffer.from(parts.join('')));
}

/** `container/object` or `/container/object` into its two parts. */
export function splitPath(path: string): readonly [container: string, object: string] {
  const bare = path.replace(/^\/+/, '');
  const slash = bare.indexOf('/');
  return slash < 0 ? [bare, ''] : [bare.slice(0, slash), bare.slice(slash + 1)];
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
