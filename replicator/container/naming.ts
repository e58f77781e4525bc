import { createHash } from 'node:crypto';
import { FarshoreError } from '../../kernel/errors.ts';
import type { ContainerInfo, HeaderMap } from '../../regions/object-store/types.ts';

/** Swift allows 256 bytes, less the ten that it puts before the name of the container of versions. */
const maxContainerBytes = 246;
/** Swift allows 1,024 bytes, less the two separators and the timestamp that name a version. */
const maxObjectBytes = 1006;

/** Marks the mirror as ours; its value is the group, percent-encoded. */
export const groupMark = 'x-container-meta-farshore-group';
/** Marks a mirror that a failover made the users' own; its value is the execution. */
export const liveMark = 'x-container-meta-farshore-live';
/** Marks what a drill made. */
export const scratchMark = 'x-container-meta-farshore-scratch';

/** Keys that sign temporary URLs are secrets: they go from Swift to Swift and into no manifest. */
export const secretHeader = /^x-container-meta-temp-url-key(-2)?$/;
const ownHeader = /^x-container-meta-farshore-/;
const keptHeader = /^x-container-(meta-.+|read|write)$/;

/** A container's metadata and ACLs, as a manifest may hold them. */
export function containerHeaders(info: ContainerInfo): HeaderMap {
  return Object.fromEntries(
    Object.entries(info.headers).filter(
      ([name]) => keptHeader.test(name) && !secretHeader.test(name) && !ownHeader.test(name),
    ),
  );
}

export function groupMarkValue(group: string): string {
  return encodeURIComponent(group);
}

/** The same name where each region has a Swift of its own, else one beside the container. */
export function mirrorName(container: string, group: string, isSharedSwift: boolean): string {
  if (isSharedSwift) return shortened(`farshore_${group}_`, container);
  if (Buffer.byteLength(container) > maxContainerBytes)
    throw new FarshoreError(
      `its name has ${Buffer.byteLength(container)} bytes; a container with versioning can have ${maxContainerBytes}`,
      {
        code: 'container.name-too-long',
        kind: 'permanent',
        operation: 'mirror container',
        subject: container,
        hint: 'rename the container or leave it out of the group',
      },
    );
  return container;
}

export function scratchName(scratch: string, container: string): string {
  return shortened(`${scratch}-`, container);
}

function shortened(prefix: string, container: string): string {
  const name = `${prefix}${container}`;
  if (Buffer.byteLength(name) <= maxContainerBytes) return name;
  return `${prefix}${createHash('sha256').update(container).digest('hex')}`;
}

/**
 * Swift keeps a version under the object's name with 18 bytes more, and refuses it beyond 1,024. To
 * leave such an object out without a word would make a point that is not whole.
 */
export function assertVersionable(container: string, object: string): void {
  const bytes = Buffer.byteLength(object);
  if (bytes <= maxObjectBytes) return;
  throw new FarshoreError(
    `the object's name has ${bytes} bytes; Swift can keep versions of objects with up to ${maxObjectBytes}`,
    {
      code: 'container.object-name-too-long',
      kind: 'permanent',
      operation: 'mirror container',
      subject: `${container}/${object}`,
      hint: 'rename the object, or leave the container out of the group',
    },
  );
}

/** Throws unless the container is there and is this group's mirror, live or not. */
export function assertMirrorOf(
  found: ContainerInfo | null,
  mirror: string,
  at: { readonly group: string; readonly target: { readonly region: string } },
): asserts found is ContainerInfo {
  if (found?.headers[groupMark] === groupMarkValue(at.group)) return;
  const what = found === null ? 'is not there' : `is not the mirror of group ${at.group}`;
  throw new FarshoreError(`the container in region ${at.target.region} ${what}`, {
    code: 'container.mirror-missing',
    kind: 'permanent',
    operation: 'restore container',
    subject: mirror,
    hint: 'someone removed it or its mark; verify the point and take one that is whole',
  });
}
