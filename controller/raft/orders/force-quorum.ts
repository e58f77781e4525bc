import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError, isTransient } from '../../../kernel/errors.ts';
import { auditOf } from '../../state/audit.ts';
import type { EtcdStore } from '../../store/etcd/etcd-store.ts';
import { clientUrl, peerUrl } from '../../config/site-address.ts';
import { put, unchanged } from '../../store/store.ts';
import { type ClusterEpoch, clusterKeys } from '../keys.ts';
import { lockMember } from '../lock.ts';
import type { ManagedSite } from '../managed.ts';
import { isLoopback, memberFlags, type MemberSettings } from '../member/flags.ts';
import { findRunning, launch } from '../member/running.ts';
import { end } from '../member/supervisor.ts';
import { hasFile } from '../member/traces.ts';
import { MemberApis, tlsOf } from '../member-apis.ts';
import { type MemberRecord, writeMemberRecord } from '../member-record.ts';
import type { SitePki } from '../pki/authority.ts';
import { readPki } from '../pki/files.ts';
import { writePrivate } from '../raft-dir.ts';
import { supersededBy } from '../superseded.ts';
import { memberRecord } from '../require-member.ts';
import { openStore } from '../session.ts';
import { rm } from 'node:fs/promises';

export interface Forced {
  readonly epoch: ClusterEpoch;
  /** Sites that are no members any more. */
  readonly left: readonly string[];
  readonly tookMs: number;
}

const healthyWithinMs = 30_000;
const pauseMs = 100;

/**
 * Makes this site's member the only one of the cluster, with what it holds: for the night on which
 * the majority is gone. The controller must be stopped (`raft.in-use`). What a majority without this
 * site acknowledged and had not sent here is lost.
 *
 * Killed before etcd was started: nothing happened but the file `forcing`, which keeps the member
 * from serving. After it: the others are no members any more, and doing it again raises the epoch.
 * Throws `raft.has-quorum` when others answer that have a majority, or would with this site.
 */
export async function forceQuorum(
  managed: ManagedSite,
  reason: string,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<Forced> {
  const { clock } = ambient;
  const startedMs = clock.monotonicMs();
  const record = await memberRecord(managed);
  const pki = await readPki(managed.dir);
  const { dir, site, home } = managed;
  const lock = await lockMember(dir);
  const apis = new MemberApis(managed, tlsOf(pki), clock);
  try {
    await checkAlone(managed, apis, signal);
    const left = await findRunning(dir.data, clock);
    if (left !== null) await end(left, ambient);
    await writePrivate(dir.forcing, `${JSON.stringify({ at: isoTime(clock.now()), reason })}\n`);
    const running = await launch({
      binary: home.binary,
      searchPath: home.searchPath,
      flags: forcingFlags({ ...managed, record }),
      log: dir.log,
    });
    let epoch: ClusterEpoch;
    try {
      await untilHealthy(apis, ambient, signal);
      epoch = await raiseEpoch({ managed, record, pki, reason }, ambient);
    } finally {
      await end(running, ambient);
    }
    const known = { epoch: epoch.epoch, at: epoch.at, site };
    // The first site may still have a single controller's state to bring; no other waits for it.
    const isReady = record.isReady || record.firstSite !== site;
    await writeMemberRecord(dir, { ...record, epoch: known, isReady });
    await rm(dir.superseded, { force: true });
    await rm(dir.forcing);
    const others = [...home.sites.keys()].filter((name) => name !== site);
    return { epoch, left: others, tookMs: clock.monotonicMs() - startedMs };
  } finally {
    apis.close();
    await lock.release();
  }
}

/** Forcing while the others can be reached would cut off what works. */
async function checkAlone(
  { site, home, dir }: ManagedSite,
  { others }: MemberApis,
  signal: AbortSignal,
): Promise<void> {
  if (!(await hasFile(dir.data)))
    throw new FarshoreError('the member here holds nothing', {
      code: 'raft.no-member',
      kind: 'permanent',
      operation: 'force quorum',
      subject: site,
      hint: 'force it at the site whose member has the state',
    });
  const asked = [...others].map(async ([name, api]) => {
    try {
      return { name, hasLeader: (await api.status(signal)).leaderId !== null };
    } catch (error) {
      if (isTransient(error)) return null;
      throw error;
    }
  });
  const there = (await Promise.all(asked)).filter((one) => one !== null);
  const wouldBe = there.length + 1 > home.sites.size / 2;
  if (!there.some(({ hasLeader }) => hasLeader) && !(there.length > 0 && wouldBe)) return;
  throw new FarshoreError(
    `${there.map(({ name }) => name).join(' and ')} can be reached: with this site that is a majority`,
    {
      code: 'raft.has-quorum',
      kind: 'permanent',
      operation: 'force quorum',
      subject: site,
      hint: 'start the controller here (farshore serve), and see farshore raft status',
    },
  );
}

async function untilHealthy(
  { own }: MemberApis,
  { clock }: Ambient,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monotonicMs() + healthyWithinMs;
  while (clock.monotonicMs() < untilMs) {
    if (await own.hasQuorum(signal)) return;
    await clock.sleep(pauseMs, signal);
  }
  throw new FarshoreError('the member does not become healthy by itself', {
    code: 'raft.not-forced',
    kind: 'permanent',
    operation: 'force quorum',
    subject: own.address,
    hint: 'see etcd.log beside its data; doing it again is harmless',
  });
}

/** Reached from here alone: killed, it leaves no member that answers others before its epoch has risen. */
export function forcingFlags(settings: MemberSettings): readonly string[] {
  const { host } = settings.address;
  const here = { ...settings.address, host: isLoopback(host) ? host : '127.0.0.1' };
  return [
    ...memberFlags(settings).filter((flag) => !flag.startsWith('--listen-')),
    `--listen-peer-urls=${peerUrl(here)}`,
    `--listen-client-urls=${clientUrl(here)}`,
    '--force-new-cluster=true',
  ];
}

interface Raise {
  readonly managed: ManagedSite;
  readonly record: MemberRecord;
  readonly pki: SitePki;
  readonly reason: string;
}

/** Higher than all that this site has ever heard of. */
async function raiseEpoch(
  { managed, record, pki, reason }: Raise,
  ambient: Ambient,
): Promise<ClusterEpoch> {
  const { site } = managed;
  // One that was left behind by another forcing, and is the last now, comes after that too.
  const { epoch: seen = 0 } = (await supersededBy(managed.dir)) ?? {};
  const store: EtcdStore = openStore(managed, pki, [site], ambient);
  try {
    for (;;) {
      const before = await store.get(clusterKeys.epoch);
      const epoch: ClusterEpoch = {
        epoch: Math.max(before?.value.epoch ?? 0, record.epoch?.epoch ?? 0, seen) + 1,
        at: isoTime(ambient.clock.now()),
        site,
        reason,
      };
      const details = { epoch: epoch.epoch, before: before?.value ?? null };
      const action = 'raft.force-quorum';
      const written = await store.transact(
        [unchanged(clusterKeys.epoch, before)],
        [
          put(clusterKeys.epoch, epoch),
          auditOf(ambient, { action, subject: site, reason, details, site }),
        ],
      );
      if (written.committed) return epoch;
    }
  } finally {
    await store.close();
  }
}
