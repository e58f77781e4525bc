import type { Progress } from '../kernel/progress.ts';
import type { TargetContext } from '../replicator/mover.ts';
import type { Sites } from './sites.ts';
import { readGroup } from './state/groups.ts';
import type { Store } from './store/store.ts';

/** What movers need of the region that holds the group's copies. Throws what that region throws. */
export async function targetContext(
  deps: { readonly store: Store; readonly sites: Sites },
  group: string,
  region: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<TargetContext> {
  const { record, head } = await readGroup(deps.store, group);
  const clusterOf = (name: string) => deps.sites.region(name).swiftCluster;
  return {
    group,
    target: await deps.sites.region(region).project(record.value.spec.target.project, signal),
    bank: await deps.sites.bank(region, signal),
    sharedSwift: clusterOf(head.value.primary) === clusterOf(head.value.secondary),
    progress,
    signal,
  };
}
