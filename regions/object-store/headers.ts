import { decodeName } from './names.ts';
import type { ContainerInfo, HeaderMap, ObjectInfo, Written } from './types.ts';

export function containerInfo(name: string, headers: HeaderMap): ContainerInfo {
  return {
    name,
    objects: Number(headers['x-container-object-count'] ?? 0),
    bytes: Number(headers['x-container-bytes-used'] ?? 0),
    versioning: headers['x-versions-enabled']?.toLowerCase() === 'true',
    headers,
  };
}

/** `bytes` is Content-Length: of a range, the range's. */
export function objectInfo(headers: HeaderMap): ObjectInfo {
  const versionId = headers['x-object-version-id'];
  const dloPrefix = headers['x-object-manifest'];
  const symlinkTarget = headers['x-symlink-target'];
  const deleteAt = headers['x-delete-at'];
  return {
    bytes: Number(headers['content-length'] ?? 0),
    etag: withoutQuotes(headers.etag),
    contentType: headers['content-type'] ?? '',
    lastModified: lastModified(headers),
    headers,
    ...(versionId === undefined ? {} : { versionId }),
    isSlo: headers['x-static-large-object']?.toLowerCase() === 'true',
    ...(dloPrefix === undefined ? {} : { dloPrefix: decodeName(dloPrefix) }),
    ...(symlinkTarget === undefined ? {} : { symlinkTarget: decodeName(symlinkTarget) }),
    ...(deleteAt === undefined ? {} : { deleteAtSeconds: Number(deleteAt) }),
  };
}

export function written(headers: HeaderMap): Written {
  const versionId = headers['x-object-version-id'];
  return {
    etag: withoutQuotes(headers.etag),
    lastModified: lastModified(headers),
    ...(versionId === undefined ? {} : { versionId }),
  };
}

/** SLOs and If-Match answers carry them, plain objects mostly not. */
function withoutQuotes(etag: string | undefined): string {
  return (etag ?? '').replace(/^"(.*)"$/, '$1');
}

/** In the listing's form: from X-Timestamp to ten microseconds, else from Last-Modified, which Swift rounds up to the second. */
function lastModified(headers: HeaderMap): string {
  const [seconds, fraction = ''] = (headers['x-timestamp'] ?? '').split('.');
  if (seconds !== undefined && /^\d+$/.test(seconds)) {
    const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
    return `${whole}.${fraction.slice(0, 6).padEnd(6, '0')}`;
  }
  const at = Date.parse(headers['last-modified'] ?? '');
  return Number.isNaN(at) ? '' : `${new Date(at).toISOString().slice(0, 19)}.000000`;
}
