import { isDeepStrictEqual } from 'node:util';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
import type { MirrorSet } from '../mirror/mirror-set.ts';
import type { GroupSpec } from '../model/types.ts';
import { keys } from '../state/keys.ts';
import type { Store } from '../store/store.ts';
import { readTable, type StateView } from './state-view.ts';

export interface TakenDeps {
  readonly store: Pick<Store, 'page'>;
  readonly memory: Pick<StateView, 'groups' | 'members'>;
  readonly mirrors: Pick<MirrorSet, 'isFilled' | 'hasReached'>;
}

/**
 * Members that another group has: two groups would ship one resource to one place, and expire each
 * other's copies. As of `revision` or later.
 *
 * Memory is asked first, which spares the store a reading of all groups for each that is applied; it
 * is believed when it has come as far and finds nothing. What it finds may be gone since: the store
 * is asked before anybody is refused.
 */
export async function takenFaults(
  spec: GroupSpec,
  resources: readonly ResourceRef[],
  { store, memory, mirrors }: TakenDeps,
  revision: number,
): Promise<readonly Fault[]> {
  const prefixes = [keys.group().path, keys.members().path];
  const isRecent = mirrors.isFilled && mirrors.hasReached(revision, prefixes);
  if (isRecent && faultsIn(memory, spec, resources).length === 0) return [];
  const [groups, members] = await Promise.all([
    readTable(store, keys.group(), 'linearizable'),
    readTable(store, keys.members(), 'linearizable'),
  ]);
  return faultsIn({ groups, members }, spec, resources);
}

function faultsIn(
  { groups, members }: Pick<StateView, 'groups' | 'members'>,
  spec: GroupSpec,
  resources: readonly ResourceRef[],
): readonly Fault[] {
  const own = new Set(resources.map(resourceKey));
  const faults: Fault[] = [];
  for (const { spec: other } of groups.values()) {
    if (other.name === spec.name || !isDeepStrictEqual(other.source, spec.source)) continue;
    for (const resource of members.get(keys.members(other.name))?.resources ?? [])
      if (own.has(resourceKey(resource)))
        faults.push({
          path: 'members',
          message: `${resource.kind} ${resource.name} (${resource.id}) is protected by group ${other.name} already`,
        });
  }
  return faults;
}
