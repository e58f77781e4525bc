import { buffer } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ObjectDownload } from '../../../regions/object-store/types.ts';

/** An entry of an SLO's manifest as PUT takes it; `data` is base64 of bytes that lie in the manifest. */
export interface ManifestEntry {
  readonly path?: string;
  readonly etag?: string;
  readonly size_bytes?: number;
  readonly range?: string;
  readonly data?: string;
}

/** Swift's own limit (`max_manifest_size`). What is larger is no manifest, whatever says so. */
const maxManifestBytes = 8 * 1024 * 1024;

/** Of an SLO opened with `manifest`; reads the body to its end, or destroys it. */
export async function readManifest(
  { info, body }: ObjectDownload,
  subject: string,
): Promise<readonly ManifestEntry[]> {
  if (info.bytes > maxManifestBytes) {
    body.destroy();
    throw unreadable(subject);
  }
  const entries: unknown = parsed(await buffer(body));
  if (Array.isArray(entries)) return entries as ManifestEntry[];
  throw unreadable(subject);
}

function unreadable(subject: string): FarshoreError {
  return new FarshoreError('what the object store gave is not the manifest of a large object', {
    code: 'container.manifest-unreadable',
    kind: 'permanent',
    operation: 'read manifest of large object',
    subject,
    hint: 'look at the object with `swift stat`; upload it again',
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
