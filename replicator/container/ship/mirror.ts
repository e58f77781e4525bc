import { FarshoreError } from '../../../kernel/errors.ts';
import type { ContainerInfo, HeaderMap, ObjectStore } from '../../../regions/object-store/types.ts';
import type { TargetContext } from '../../mover.ts';
import { groupMark, groupMarkValue, liveMark } from '../naming.ts';

export interface Mirror {
  readonly headers: HeaderMap;
  /** It held nothing when it became this group's. */
  readonly isNew: boolean;
}

/**
 * Makes sure that the mirror is there, is this group's, keeps versions and is not in use. It is made
 * by one request, with its mark and versioning, so a mirror is never seen without them; called again
 * it finds it as it is. A container of that name that is someone else's and holds anything is
 * refused, untouched.
 */
export async function ensureMirror(mirror: string, at: TargetContext): Promise<Mirror> {
  const store = at.target.objectStore;
  await assertVersioning(at);
  const mark = groupMarkValue(at.group);
  const found = await store.headContainer(mirror, at.signal);
  const own: HeaderMap = { [groupMark]: mark, 'x-versions-enabled': 'true' };
  if (found === null) {
    await store.putContainer(mirror, own, at.signal);
    return { headers: own, isNew: true };
  }
  if (found.headers[groupMark] === undefined) {
    if (!(await isEmpty(store, found, at.signal))) throw foreign(mirror, at, null);
    await store.postContainer(mirror, own, at.signal);
    return { headers: found.headers, isNew: true };
  }
  assertOwn(found, at);
  if (!found.versioning) await store.postContainer(mirror, own, at.signal);
  return { headers: found.headers, isNew: false };
}

/** Throws unless the container is this group's mirror and no failover has given it to the users. */
export function assertOwn(found: ContainerInfo, at: TargetContext): void {
  if (!isOwnLive(found, at)) return;
  throw new FarshoreError('the mirror became the live container by a failover', {
    code: 'container.mirror-live',
    kind: 'permanent',
    operation: 'change mirror',
    subject: found.name,
    hint: `the group's primary is region ${at.target.region} now; replicate the other way round`,
  });
}

/** True when a failover has given it to the users. Throws when it is another's. */
export function isOwnLive(found: ContainerInfo, at: TargetContext): boolean {
  const group = found.headers[groupMark];
  if (group !== groupMarkValue(at.group)) throw foreign(found.name, at, group ?? null);
  return found.headers[liveMark] !== undefined;
}

async function isEmpty(
  store: ObjectStore,
  found: ContainerInfo,
  signal: AbortSignal,
): Promise<boolean> {
  // The counts of a HEAD lag; the listing is asked too.
  if (found.objects > 0 || found.bytes > 0) return false;
  for await (const _row of store.list(found.name, { pageSize: 1, signal })) return false;
  return true;
}

async function assertVersioning(at: TargetContext): Promise<void> {
  const info = await at.target.objectStore.info(at.signal);
  if ('object_versioning' in info) return;
  throw new FarshoreError(`the Swift of region ${at.target.region} keeps no versions of objects`, {
    code: 'container.versioning-unavailable',
    kind: 'permanent',
    operation: 'mirror container',
    subject: at.target.region,
    hint: 'set allow_object_versioning = true in [filter:versioned_writes] of its proxy-server.conf',
  });
}

function foreign(mirror: string, at: TargetContext, group: string | null): FarshoreError {
  const whose =
    group === null
      ? 'is not empty and was not made by Farshore'
      : `is the mirror of group ${decodeURIComponent(group)}`;
  return new FarshoreError(`the container in region ${at.target.region} ${whose}`, {
    code: 'container.mirror-foreign',
    kind: 'permanent',
    operation: 'mirror container',
    subject: mirror,
    hint: 'rename or empty it there, or take the container out of one of the groups',
  });
}
