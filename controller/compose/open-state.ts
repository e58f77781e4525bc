import type { Ambient } from '../../kernel/ambient.ts';
import { StoreCluster } from '../cluster/store-cluster.ts';
import type { Config } from '../config/config.ts';
import { MirrorSet } from '../mirror/mirror-set.ts';
import { heard, type StoreRequest } from '../mirror/heard-store.ts';
import { OwnWrites } from '../mirror/own-writes.ts';
import { PointTallies } from '../mirror/point-tallies.ts';
import { Reads } from '../mirror/reads.ts';
import { Standings } from '../replication/standings.ts';
import type { ServiceDeps } from '../service/controller-service.ts';
import type { Store } from '../store/store.ts';
import { formatGate } from './format-gate.ts';
import { openHome } from './open-home.ts';
import { createMirrors } from './state-mirrors.ts';

/** The state, and this controller's place among those that share it. */
export interface OpenedState {
  readonly store: Store;
  readonly cluster: StoreCluster;
  readonly standings: Standings;
  /** What is in memory of it. */
  readonly kinds: ReturnType<typeof createMirrors>;
  readonly tallies: PointTallies;
  /** What users are shown of it, and of this controller's part in it. */
  readonly shown: Pick<
    ServiceDeps,
    'memory' | 'mirrors' | 'reads' | 'site' | 'siteNames' | 'claimsHeld' | 'member'
  >;
  /** Resolves when it is known what there is and who is there; waits for a store that does not answer. */
  start(): Promise<void>;
  /** Gives back what this controller holds, then closes the store. */
  stop(): Promise<void>;
}

/** A controller that dies or is cut off leaves its work to others after so long. */
const leaseTtlMs = 10_000;

/** `onFailure` hears of what ends the store for this process, `onRequest` of each request to it. */
export async function openState(
  config: Config,
  version: string,
  ambient: Ambient,
  heardBy: {
    readonly onFailure: (error: unknown) => void;
    readonly onRequest: (request: StoreRequest) => void;
  },
): Promise<OpenedState> {
  const writes = new OwnWrites(ambient.clock);
  const { onFailure, onRequest } = heardBy;
  const home = await openHome(config, ambient, onFailure);
  const { site, region, siteNames, member } = home;
  const gate = formatGate(home.store, config, version, ambient);
  const stopping = new AbortController();
  // What needs no other's answer is known before the first order can come.
  if (config.raft === undefined)
    await gate.admit(stopping.signal).catch(async (error: unknown) => {
      await home.close();
      throw error;
    });
  const store = heard(gate.store, {
    onRequest,
    onCommitted: (operations, revision) => writes.note(operations, revision),
  });
  const place = { site, region, version };
  const cluster = new StoreCluster({ store, ambient, place, leaseTtlMs });
  const kinds = createMirrors(store, ambient);
  const tallies = new PointTallies(kinds.points);
  const mirrors = new MirrorSet(Object.values(kinds), writes, ambient.clock);
  return Object.freeze({
    store,
    cluster,
    standings: new Standings(kinds),
    kinds,
    tallies,
    shown: {
      memory: { ...kinds, tallies },
      mirrors,
      reads: new Reads(store, writes),
      site,
      siteNames,
      claimsHeld: () => cluster.heldClaims(),
      member,
    },
    start: async () => {
      await home.ready();
      if (config.raft !== undefined) await gate.admit(stopping.signal);
      void gate.heed(stopping.signal).catch(onFailure);
      // Before anything is written: what there is can be shown also without a quorum.
      await Promise.all([cluster.start(), mirrors.start()]);
      home.startUpkeep(cluster);
    },
    stop: async () => {
      stopping.abort();
      await cluster.stop();
      await mirrors.stop();
      await home.close();
    },
  });
}
