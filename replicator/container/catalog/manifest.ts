import { buffer } from 'node:stream/consumers';
import { FarshoreError } from '../../../kernel/errors.ts';
import { closeObject, type OpenedObject } from '../../../regions/object-store/open-object.ts';

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
  opened: OpenedObject,
  subject: string,
): Promise<readonly ManifestEntry[]> {
  if (opened.info.bytes > maxManifestBytes) {
    closeObject(opened);
    throw unreadable(subject);
  }
  const entries: unknown = parsed('content' in opened ? opened.content : await buffer(opened.body));
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

/** `container/object` or `/container/object` into its two parts. */
export function splitPath(path: string): readonly [container: string, object: string] {
  const bare = path.replace(/^\/+/, '');
  const slash = bare.indexOf('/');
  return slash < 0 ? [bare, ''] : [bare.slice(0, slash), bare.slice(slash + 1)];
}
