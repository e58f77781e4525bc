import type { HeaderMap } from '../../regions/object-store/types.ts';
import { nothingToFence, type Fence, type FenceContext } from '../kind.ts';
import type { Former, UnfenceContext } from '../kind.ts';
import type { ResourceRef } from '../mover.ts';
import { countQuota, fencedMark } from './naming.ts';

const acl = 'x-container-write';
const quota = countQuota;
const fenceHeaders = [acl, quota] as const;

/**
 * Swift knows no read-only container: the write ACL only lets others in, the project's own users need
 * none. So the ACL goes, and where the cluster has container quotas a count of 0 keeps every PUT out
 * (413, swift/common/middleware/container_quotas.py). Both are two headers that can be set back;
 * deletions and metadata posts by the project's own users stay possible. A mark beside them tells what the
 * quota was, so that the fence is no part of a copy that is made of the container later. Where both regions share one
 * Swift the container is the recovered one: it must stay writable.
 */
export async function fenceContainer(
  { id }: ResourceRef,
  { source: { objectStore }, sharedSwift, remember, signal }: FenceContext,
): Promise<Fence> {
  if (sharedSwift)
    return { state: 'not-needed', detail: 'both regions share one Swift: it is the recovered one' };
  const container = await objectStore.headContainer(id, signal);
  if (container === null) return nothingToFence;
  const former = await remember({
    [acl]: container.headers[acl] ?? null,
    [quota]: unfencedQuota(container.headers),
  });
  const hasQuotas = 'container_quotas' in (await objectStore.info(signal));
  const change: HeaderMap = {
    'x-remove-container-write': 'x',
    ...(hasQuotas ? { [quota]: '0', [fencedMark]: quotaOf(former) } : {}),
  };
  await objectStore.postContainer(id, change, signal);
  return hasQuotas
    ? {
        state: 'fenced',
        detail:
          "write ACL removed and object count limited to 0; the project's own users can still delete",
        former,
      }
    : {
        state: 'partly',
        detail: "write ACL removed; the project's own users can still write",
        former,
      };
}

export async function unfenceContainer(
  { id }: ResourceRef,
  former: Former,
  { source: { objectStore }, signal }: UnfenceContext,
): Promise<void> {
  if ((await objectStore.headContainer(id, signal)) === null) return;
  const change = fenceHeaders.map((name): readonly [string, string] => {
    const value = former[name];
    return typeof value === 'string' ? [name, value] : [name.replace('x-', 'x-remove-'), 'x'];
  });
  change.push([fencedMark.replace('x-', 'x-remove-'), 'x']);
  await objectStore.postContainer(id, Object.fromEntries(change), signal);
}

/** Where an earlier fence is still in place, what was there before that one. */
function unfencedQuota(headers: HeaderMap): string | null {
  const before = headers[fencedMark];
  if (before === undefined) return headers[quota] ?? null;
  return before === 'none' ? null : before;
}

function quotaOf(former: Former): string {
  const value = former[quota];
  return typeof value === 'string' ? value : 'none';
}
