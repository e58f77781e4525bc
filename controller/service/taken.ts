import type { ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
import { describeTaken, type HeldMembers, takenFrom } from '../members/taken.ts';
import type { MirrorSet } from '../mirror/mirror-set.ts';
import type { GroupSpec } from '../model/types.ts';
import type { Sites } from '../sites.ts';
import { keys } from '../state/keys.ts';
import type { Store } from '../store/store.ts';
import { readTable } from './state-view.ts';

export interface TakenDeps {
  readonly store: Pick<Store, 'page'>;
  readonly memory: HeldMembers;
  readonly sites: Pick<Sites, 'region'>;
  readonly mirrors: Pick<MirrorSet, 'isFilled' | 'hasReached'>;
}

/**
 * What is wrong with members that another group has. As of `revision` or later.
 *
 * Memory is asked first, which spares the store a reading of all groups for each that is applied; it
 * is believed when it has come as far and finds nothing. What it finds may be gone since: the store
 * is asked before anybody is refused.
 */
export async function takenFaults(
  spec: GroupSpec,
  resources: readonly ResourceRef[],
  { store, memory, sites, mirrors }: TakenDeps,
  revision: number,
  signal: AbortSignal,
): Promise<readonly Fault[]> {
  const prefixes = [keys.group().path, keys.members().path];
  const isRecent = mirrors.isFilled && mirrors.hasReached(revision, prefixes);
  const taken = (held: HeldMembers) => takenFrom(spec, resources, held, sites, signal);
  if (isRecent && (await taken(memory)).length === 0) return [];
  const [groups, members] = await Promise.all([
    readTable(store, keys.group(), 'linearizable'),
    readTable(store, keys.members(), 'linearizable'),
  ]);
  const found = await taken({ groups, members });
  return found.map((each) => ({ path: 'members', message: describeTaken(each) }));
}
