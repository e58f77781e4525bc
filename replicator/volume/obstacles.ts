import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { Quotas } from '../../regions/block-storage/types.ts';
import { resourceKey, type Obstacle, type TargetContext } from '../mover.ts';
import { sizeOf } from './recover/scratch-volume.ts';
import type { VolumeCopy } from './types.ts';

/** Types that are not there, and quotas: of the volume with which the one after the other no longer fit. */
export async function volumeObstacles(
  copies: readonly VolumeCopy[],
  at: TargetContext,
): Promise<readonly Obstacle[]> {
  if (copies.length === 0) return [];
  const { blockStorage } = at.target;
  const types = new Set<string>();
  for await (const { name } of blockStorage.listVolumeTypes(at.signal)) types.add(name);
  const quotas = await quotasOf(at);
  const taken = new Map<string, number>();
  return copies.flatMap((copy) => {
    const { targetVolumeType: type, resource } = copy;
    const of = (error: FarshoreError): Obstacle => ({ resource: resourceKey(resource), error });
    if (type !== null && !types.has(type)) return [of(noType(type, copy, at))];
    const full = fullQuotas(copy, quotas, taken);
    return full.length === 0 ? [] : [of(noRoom(full, copy, at))];
  });
}

/** None where this user may not read them: nothing can be said then. */
async function quotasOf({ target, signal }: TargetContext): Promise<Quotas> {
  try {
    return await target.blockStorage.quotas(signal);
  } catch (error) {
    if (hasStatus(error, 403)) return {};
    throw error;
  }
}

/** Counts the volume in, whether it fits or not. */
function fullQuotas(
  copy: VolumeCopy,
  quotas: Quotas,
  taken: Map<string, number>,
): readonly string[] {
  const size = sizeOf(copy);
  const { targetVolumeType: type } = copy;
  const wanted = Object.entries({
    volumes: 1,
    gigabytes: size,
    ...(type === null ? {} : { [`volumes_${type}`]: 1, [`gigabytes_${type}`]: size }),
  });
  const full = wanted.flatMap(([name, more]) => {
    const all = (taken.get(name) ?? 0) + more;
    taken.set(name, all);
    const quota = quotas[name];
    if (quota === undefined || quota.limit < 0 || quota.used + all <= quota.limit) return [];
    return [`${name} ${quota.used} of ${quota.limit} used, ${all} more wanted up to this one`];
  });
  const each = quotas['per_volume_gigabytes'];
  if (each === undefined || each.limit < 0 || size <= each.limit) return full;
  return [...full, `per_volume_gigabytes ${each.limit}, it has ${size}`];
}

function noType(type: string, copy: VolumeCopy, { target }: TargetContext): FarshoreError {
  return new FarshoreError(`there is no volume type ${type} in ${target.region}`, {
    code: 'volume.type-missing',
    kind: 'permanent',
    operation: 'restore volume',
    subject: copy.resource.id,
    hint: `make it there, or map it in the group (target.volumeTypes), which counts from the next session on`,
  });
}

function noRoom(
  full: readonly string[],
  copy: VolumeCopy,
  { target }: TargetContext,
): FarshoreError {
  return new FarshoreError(`the quota is not enough: ${full.join('; ')}`, {
    code: 'block-storage.quota-exceeded',
    kind: 'permanent',
    operation: 'restore volume',
    subject: copy.resource.id,
    hint: `raise the quota of project ${target.projectId} in region ${target.region}, or free some of it`,
  });
}
