import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import type { Cluster } from '../cluster/types.ts';
import type { Config } from '../config/config.ts';
import type { ExternalRaft, ManagedRaft, RaftConfig } from '../config/raft-config.ts';
import type { MemberFigures } from '../model/controller-status.ts';
import { LevelStore } from '../store/level-store.ts';
import type { Store } from '../store/store.ts';

/** Where the state lives, and who shares it. */
export interface Home {
  readonly store: Store;
  readonly site: string;
  /** Null: this controller carries out nothing. */
  readonly region: string | null;
  /** Of all that belong to it, as far as the configuration knows them. */
  readonly siteNames: readonly string[];
  /** Of the etcd member that runs here; null where none does. */
  readonly member: () => MemberFigures | null;
  /** Resolves when the state may be used; waits for whoever brings what it begins with. */
  readonly ready: () => Promise<void>;
  readonly startUpkeep: (cluster: Pick<Cluster, 'isLeader' | 'leader'>) => void;
  /** The store too. */
  close(): Promise<void>;
}

/** `onFailure` hears of what ends the store for this process. */
export async function openHome(
  config: Config,
  ambient: Ambient,
  onFailure: (error: unknown) => void,
): Promise<Home> {
  const { raft, dataDir } = config;
  if (raft === undefined) return openLocal(dataDir, onFailure);
  if (raft.home.type === 'external') return openExternal(raft, raft.home, ambient);
  return openManaged(config, raft, raft.home, ambient, onFailure);
}

async function openLocal(dataDir: string, onFailure: (error: unknown) => void): Promise<Home> {
  const store = await LevelStore.open(join(dataDir, 'state'), onFailure);
  return Object.freeze({
    store,
    site: 'local',
    region: 'local',
    siteNames: ['local'],
    member: () => null,
    ready: () => Promise.resolve(),
    startUpkeep: () => undefined,
    close: () => store.close(),
  });
}

async function openExternal(
  { site, region }: RaftConfig,
  { endpoints, tls, user }: ExternalRaft,
  ambient: Ambient,
): Promise<Home> {
  // Only here: a single controller loads nothing of gRPC.
  const { EtcdStore } = await import('../store/etcd/etcd-store.ts');
  const { statePrefix } = await import('../raft/member-api.ts');
  const store = EtcdStore.open({
    endpoints: endpoints.map(addressOf),
    ...(tls === undefined ? {} : { tls }),
    ...(user === undefined ? {} : { user }),
    prefix: statePrefix,
    ambient,
  });
  return Object.freeze({
    store,
    site,
    region,
    siteNames: [site],
    member: () => null,
    ready: () => Promise.resolve(),
    startUpkeep: () => undefined,
    close: () => store.close(),
  });
}

/** `onFailure` hears also when this site's member was left behind and ended. */
async function openManaged(
  config: Config,
  { site, region }: RaftConfig,
  { sites }: ManagedRaft,
  ambient: Ambient,
  onFailure: (error: unknown) => void,
): Promise<Home> {
  const { openRaft } = await import('../raft/open-raft.ts');
  const raft = await openRaft(config, ambient);
  void raft.failure.then(onFailure);
  return Object.freeze({
    store: raft.store,
    site,
    region,
    siteNames: [...sites.keys()],
    member: () => raft.figures(),
    ready: () => raft.ready(),
    startUpkeep: (cluster: Pick<Cluster, 'isLeader' | 'leader'>) => raft.startUpkeep(cluster),
    close: () => raft.close(),
  });
}

function addressOf(endpoint: string): string {
  const { protocol, hostname, port } = new URL(endpoint);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
