import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import { StoreCluster } from '../cluster/store-cluster.ts';
import type { Config } from '../config/config.ts';
import { Standings } from '../replication/standings.ts';
import { addLatest } from '../state/add-latest.ts';
import { LevelStore } from '../store/level-store.ts';
import type { Store } from '../store/store.ts';
import { createMirrors } from './state-mirrors.ts';

/** The state, and this controller's place among those that share it. */
export interface OpenedState {
  readonly store: Store;
  readonly cluster: StoreCluster;
  readonly standings: Standings;
  /** Resolves when it is known what there is and who is there; waits for a store that does not answer. */
  start(): Promise<void>;
  /** Gives back what this controller holds, then closes the store. */
  stop(): Promise<void>;
}

/** A controller that dies or is cut off leaves its work to others after so long. */
const leaseTtlMs = 10_000;

/** `onFailure` hears of what ends the store for this process. */
export async function openState(
  config: Config,
  version: string,
  ambient: Ambient,
  onFailure: (error: unknown) => void,
): Promise<OpenedState> {
  const store = await LevelStore.open(join(config.dataDir, 'state'), onFailure);
  const place = { site: 'local', region: 'local', version };
  const cluster = new StoreCluster({ store, ambient, place, leaseTtlMs });
  const mirrors = createMirrors(store, ambient);
  const all = Object.values(mirrors);
  return Object.freeze({
    store,
    cluster,
    standings: new Standings(mirrors),
    start: async () => {
      await addLatest(store);
      for (const mirror of all) mirror.start();
      await Promise.all([cluster.start(), ...all.map(({ ready }) => ready)]);
    },
    stop: async () => {
      await cluster.stop();
      await Promise.all(all.map((mirror) => mirror.stop()));
      await store.close();
    },
  });
}
