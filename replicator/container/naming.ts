import { createHash } from 'node:crypto';
import type { ContainerInfo, HeaderMap } from '../../regions/object-store/types.ts';

/** Swift's own limit; other stores allow 255. */
const maxContainerBytes = 255;

/** Marks what a drill made; its value is the drill's scratch name. */
export const scratchMark = 'x-container-meta-farshore-scratch';
/** Marks what a failover made; its value is the execution. It stays: it tells whose work the container is. */
export const executionMark = 'x-container-meta-farshore-execution';
/** On a container that our fence closed: its former quota, or `none`. The fence sets it and takes it off. */
export const fencedMark = 'x-container-meta-farshore-fenced';

/** Keys that sign temporary URLs are secrets: they go into no manifest. */
export const secretHeader = /^x-container-meta-temp-url-key(-2)?$/;
const ownHeader = /^x-container-meta-farshore-/;
const keptHeader = /^x-container-(meta-.+|read|write)$/;
export const quotaHeader = /^x-container-meta-quota-(bytes|count)$/;
export const countQuota = 'x-container-meta-quota-count';

/** A container's metadata and ACLs, as a manifest may hold them; without what our own fence set. */
export function containerHeaders(info: ContainerInfo): HeaderMap {
  const kept = Object.entries(unfenced(info.headers)).filter(
    ([name]) => keptHeader.test(name) && !secretHeader.test(name) && !ownHeader.test(name),
  );
  return Object.fromEntries(kept);
}

/** The headers as they were before the fence. */
function unfenced(headers: HeaderMap): HeaderMap {
  const former = headers[fencedMark];
  if (former === undefined) return headers;
  const rest = Object.entries(headers).filter(([name]) => name !== countQuota);
  if (/^\d+$/.test(former)) rest.push([countQuota, former]);
  return Object.fromEntries(rest);
}

const versioning: Readonly<Record<string, string>> = {
  'x-versions-location': 'keeps old versions in another container',
  'x-history-location': 'keeps old versions in another container',
  'x-versions-enabled': 'keeps versions of its objects',
};

/** What a container has that a copy of it cannot have. */
export function uncarried(info: ContainerInfo): readonly string[] {
  const notes = Object.entries(versioning)
    .filter(([name]) => (info.headers[name] ?? 'false').toLowerCase() !== 'false')
    .map(
      ([name, what]) =>
        `${info.name}: it ${what} (${name}); only the current ones are carried, and the setting is not`,
    );
  const hasKeys = Object.keys(info.headers).some((name) => secretHeader.test(name));
  if (hasKeys)
    notes.push(`${info.name}: its keys for temporary URLs are secrets and are not carried`);
  return notes;
}

export function scratchName(scratch: string, container: string): string {
  return shortened(`${scratch}-`, container);
}

/** Where a failover on one shared Swift keeps what it takes out of the users' container. */
export function displacedName(container: string, executionId: string): string {
  return shortened(`farshore-displaced-${executionId}-`, container);
}

function shortened(prefix: string, container: string): string {
  const name = `${prefix}${container}`;
  if (Buffer.byteLength(name) <= maxContainerBytes) return name;
  return `${prefix}${createHash('sha256').update(container).digest('hex')}`;
}
