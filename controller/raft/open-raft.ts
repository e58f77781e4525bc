import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { isTransient } from '../../kernel/errors.ts';
import type { Cluster } from '../cluster/types.ts';
import type { Config } from '../config/config.ts';
import type { MemberFigures } from '../model/controller-status.ts';
import { EtcdStore } from '../store/etcd/etcd-store.ts';
import { checkImported, importMark } from '../store/snapshot.ts';
import type { Store } from '../store/store.ts';
import type { ClusterReady } from './keys.ts';
import { startMember } from './local-member.ts';
import { type ManagedSite, managedSite } from './managed.ts';
import { retireState, singleState } from './member/traces.ts';
import { MemberApis, endpointOf, tlsOf } from './member-apis.ts';
import { statePrefix } from './member-api.ts';
import { type MemberRecord, writeMemberRecord } from './member-record.ts';
import { readPki } from './pki/files.ts';
import { awaitReady } from './ready.ts';
import { memberRecord } from './require-member.ts';
import { importSingleState } from './snapshots/single-state.ts';
import { SnapshotSchedule } from './snapshots/schedule.ts';
import { Upkeep } from './upkeep/upkeep.ts';

const firstAnswerMs = 5_000;
const pauseMs = 100;

/** The state that controllers share, as it is reached from here. */
export interface OpenedRaft {
  readonly store: Store;
  /**
   * Resolves when the cluster is ready for use: nothing is to be written before. At once where that
   * was seen before, also without a majority; else it waits. Rejects when it is closed meanwhile.
   */
  ready(): Promise<void>;
  /** Snapshots on a schedule, and, while this controller leads, care for all members. */
  startUpkeep(cluster: Pick<Cluster, 'isLeader' | 'leader'>): void;
  /** As last looked at. */
  figures(): MemberFigures;
  /** Resolves with what this process cannot go on after. */
  readonly failure: Promise<unknown>;
  /** Closes the store, then ends this site's member. */
  close(): Promise<void>;
}

/**
 * For a configuration whose members are run here. Starts this site's and waits for no majority.
 * To be imported only when it is needed: it loads gRPC. Killed at any point: the member goes on
 * running, and the next controller takes it over. Throws what `startMember` does, `raft.no-member`
 * and `raft.no-certificates`.
 */
export async function openRaft(config: Config, ambient: Ambient): Promise<OpenedRaft> {
  const managed = managedSite(config);
  const { site, home, dir } = managed;
  const record = await memberRecord(managed);
  const tls = tlsOf(await readPki(dir));
  if (home.sites.size % 2 === 0)
    ambient.log.warn('an even number of sites survives the loss of no more than one site less', {
      sites: home.sites.size,
    });
  const apis = new MemberApis(managed, tls, ambient.clock);
  const closing = new AbortController();
  const { signal } = closing;
  const member = await startMember({ managed, record, apis, ambient }).catch((error: unknown) => {
    apis.close();
    throw error;
  });
  const nearest = endpointOf(managed, site);
  const endpoints = [...home.sites.keys()].map((name) => endpointOf(managed, name));
  const store = EtcdStore.open({ endpoints, nearest, tls, prefix: statePrefix, ambient });
  try {
    await answers(apis, ambient, signal);
  } catch (error) {
    // What runs would keep this process alive, and the member locked.
    await store.close();
    await member.stop();
    apis.close();
    throw error;
  }
  const schedule = new SnapshotSchedule({
    ...managed.snapshots,
    directory: dir.snapshots,
    store,
    ambient,
  });
  const upkeep = new Upkeep({ apis, schedule, ambient });
  return Object.freeze({
    store,
    ready: () => becomeReady({ managed, record, store, ambient, signal }),
    startUpkeep: (cluster) => {
      schedule.start();
      upkeep.start(cluster);
    },
    figures: () => upkeep.figures(),
    failure: member.failure,
    close: async () => {
      closing.abort();
      await Promise.all([upkeep.stop(), schedule.stop()]);
      await store.close();
      await member.stop();
      apis.close();
    },
  } satisfies OpenedRaft);
}

/** So that the first reads find the local member; goes on without it when it takes longer. */
async function answers(
  { own }: MemberApis,
  { clock, log }: Ambient,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monotonicMs() + firstAnswerMs;
  while (clock.monotonicMs() < untilMs) {
    try {
      await own.status(signal);
      return;
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    await clock.sleep(pauseMs);
  }
  log.warn('the local etcd member does not answer yet; etcd before 3.5.5 waits for a majority');
}

interface Beginning {
  readonly managed: ManagedSite;
  readonly record: MemberRecord;
  readonly store: Store;
  readonly ambient: Ambient;
  readonly signal: AbortSignal;
}

/**
 * The first site brings the state of a single controller. Killed before it is all there: the cluster
 * is not ready, and it is brought anew. Killed before the old directory is renamed: that is done at
 * the next start, since the cluster says what it began with.
 */
async function becomeReady({ managed, record, store, ambient, signal }: Beginning): Promise<void> {
  if (record.isReady) return checkRestored(store);
  const { site, dir, dataDir } = managed;
  const begin = async (): Promise<ClusterReady['from']> => {
    const state = await singleState(dataDir);
    if (state === null) return 'nothing';
    await importSingleState(state, store, { clock: ambient.clock, signal });
    return 'level';
  };
  const isFirst = record.firstSite === site;
  const ready = await awaitReady({ store, site, ambient, signal, begin: isFirst ? begin : null });
  const state = await singleState(dataDir);
  if (state !== null && isFirst && ready.from === 'level') {
    const to = await retireState(state, isoTime(ambient.clock.now()));
    ambient.log.info('the state of the single controller was carried over', { keptIn: to });
  } else if (state !== null) {
    ambient.log.warn('the state of a single controller lies here and is not used', { state });
  }
  await writeMemberRecord(dir, { ...record, isReady: true });
  await checkRestored(store);
}

/** Throws `snapshot.incomplete` after a restore that was broken off, as far as that can be read now. */
async function checkRestored(store: Store): Promise<void> {
  try {
    if ((await store.get(importMark, { consistency: 'local' })) !== null)
      await checkImported(store);
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
}
