import { isOwner } from '../acl.ts';
import type { ContainerRecord, HeaderMap } from '../records.ts';
import type { Request } from '../request.ts';
import { lastModified, stamp } from '../times.ts';

/** What only the account's owner sees and sets. */
export function isOwners(name: string): boolean {
  return (
    name === 'x-container-read' ||
    name === 'x-container-write' ||
    name === 'x-container-sync-key' ||
    name === 'x-container-sync-to' ||
    name.startsWith('x-container-meta-temp-url-key')
  );
}

export function containerHeaders(request: Request, record: ContainerRecord): HeaderMap {
  const { objects, bytes, versions, headers, createdAt, changedAt } = record;
  const seen = Object.entries(headers).filter(([name]) => !isOwners(name) || isOwner(request));
  return {
    'x-container-object-count': String(objects),
    'x-container-bytes-used': String(bytes + (versions?.bytes ?? 0)),
    'x-timestamp': stamp(createdAt),
    ...Object.fromEntries(seen),
    'last-modified': lastModified(changedAt),
    'accept-ranges': 'bytes',
    'x-storage-policy': 'Policy-0',
    ...(versions === undefined
      ? {}
      : { 'x-versions-enabled': versions.isEnabled ? 'True' : 'False' }),
  };
}
