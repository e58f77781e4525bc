import type { Ambient } from '../../../kernel/ambient.ts';
import { StoreCluster } from '../../../controller/cluster/store-cluster.ts';
import type { Claims } from '../../../controller/cluster/types.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { Standings } from '../../../controller/replication/standings.ts';
import type { Store } from '../../../controller/store/store.ts';

/** For what is tried with one writer alone: a claim that nobody can take away. */
export const uncontested: Pick<Claims, 'compareOf'> = {
  compareOf: () => ({ path: 'nobody', modRevision: 0 }),
};

/** One controller's part in the cluster, over the real thing. */
export function memberOf(store: Store, ambient: Ambient, region: string | null = 'west') {
  const place = { site: region ?? 'witness', region, version: 'test' };
  const cluster = new StoreCluster({ store, ambient, place, leaseTtlMs: 10_000 });
  const mirrors = createMirrors(store, ambient);
  const all = Object.values(mirrors);
  return {
    cluster,
    mirrors,
    standings: new Standings(mirrors),
    start: async () => {
      for (const mirror of all) mirror.start();
      await Promise.all([cluster.start(), ...all.map(({ ready }) => ready)]);
    },
    stop: async () => {
      await cluster.stop();
      await Promise.all(all.map((mirror) => mirror.stop()));
    },
  };
}
