import type { ProjectScope } from '../../regions/region.ts';
import type { HeaderMap } from '../../regions/object-store/types.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { StepContext } from './step.ts';

/**
 * `fenced`: new writes are refused. `partly`: some are. `not-needed`: there is nothing that could be
 * written. `refused`: it answered and would not. `unreachable`: it did not answer in time.
 */
export interface Fence {
  readonly state: 'fenced' | 'partly' | 'refused' | 'unreachable' | 'not-needed';
  readonly detail: string;
  /** What was there before, to be set again by hand or on the way back; null: it was not set. */
  readonly former?: Former;
}

type Former = Readonly<Record<string, string | boolean | null>>;

const gone: Fence = { state: 'not-needed', detail: 'it does not exist there any more' };

/**
 * Cinder takes the read-only flag of an `available` volume only (cinder/volume/api.py,
 * update_readonly_flag; an attached one is answered 400), and it holds for later attachments. An
 * attached volume stays writable: detaching it would need Nova, and would harm more if the outage
 * were none.
 */
export async function fenceVolume(
  resource: ResourceRef,
  { blockStorage }: ProjectScope,
  { memo, signal }: StepContext,
): Promise<Fence> {
  const volume = await blockStorage.getVolume(resource.id, signal);
  if (volume === null) return gone;
  const former = await remembered(memo, resource, { readOnly: volume.readOnly ?? null });
  await blockStorage.setReadOnly(resource.id, true, signal);
  return { state: 'fenced', detail: 'read-only for every later attachment', former };
}

const acl = 'x-container-write';
const quota = 'x-container-meta-quota-count';

/**
 * Swift knows no read-only container: the write ACL only lets others in, the project's own users need
 * none. So the ACL goes, and where the cluster has container quotas a count of 0 keeps every PUT out
 * (413, swift/common/middleware/container_quotas.py). Both are two headers that can be set back;
 * deletions and metadata posts by the project's own users stay possible. Where both regions share one
 * Swift the container is the recovered one: it must stay writable.
 */
export async function fenceContainer(
  resource: ResourceRef,
  { objectStore }: ProjectScope,
  { memo, signal, control, execution, progress }: StepContext,
): Promise<Fence> {
  const { sharedSwift } = await control.target(execution.group, progress, signal);
  if (sharedSwift)
    return { state: 'not-needed', detail: 'both regions share one Swift: it is the recovered one' };
  const container = await objectStore.headContainer(resource.id, signal);
  if (container === null) return gone;
  const former = await remembered(memo, resource, {
    [acl]: container.headers[acl] ?? null,
    [quota]: container.headers[quota] ?? null,
  });
  const hasQuotas = 'container_quotas' in (await objectStore.info(signal));
  const change: HeaderMap = {
    'x-remove-container-write': 'x',
    ...(hasQuotas ? { [quota]: '0' } : {}),
  };
  await objectStore.postContainer(resource.id, change, signal);
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

/** The values of the first attempt, durable before anything is changed. */
async function remembered(
  memo: StepContext['memo'],
  resource: ResourceRef,
  found: Former,
): Promise<Former> {
  const key = `former ${resourceKey(resource)}`;
  const earlier = memo.get(key);
  if (earlier !== undefined) return JSON.parse(earlier) as Former;
  await memo.set(key, JSON.stringify(found));
  return found;
}
