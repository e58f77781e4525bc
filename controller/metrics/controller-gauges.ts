import { Gauge, type Registry } from 'prom-client';

import type { ControllerFigures } from '../model/controller-status.ts';

/** What a controller is and has itself, beside the groups that all controllers see. */
export function createControllerGauges(registry: Registry) {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `farshore_${name}`, help, labelNames, registers: [registry] });
  return {
    leader: gauge('controller_is_leader', '1 where this controller coordinates.'),
    lease: gauge('controller_has_lease', '1 while it may carry anything out.'),
    claims: gauge('controller_claims', 'Sessions and executions that it carries out.', ['kind']),
    present: gauge('controller_present', '1 where a controller of that site is there.', ['site']),
    quorum: gauge('store_has_quorum', '1 while a majority of the sites answers.'),
    quorumAge: gauge(
      'store_quorum_age_seconds',
      'Since a majority of the sites was last seen to answer.',
    ),
    lag: gauge('state_lag_seconds', 'How far the state in memory is behind the store.'),
    raftHasLeader: gauge('raft_has_leader', "1 where the site's etcd member knows a leader.", [
      'site',
    ]),
    raftDb: gauge('raft_db_bytes', "Size of the etcd member's database.", ['site']),
    raftQuota: gauge('raft_db_quota_bytes', 'Size at which it takes no more writes.', ['site']),
    raftAlarms: gauge('raft_alarms', 'Alarms that the etcd member raises now.', ['site']),
    raftSnapshotAge: gauge(
      'raft_snapshot_age_seconds',
      'Age of the newest snapshot of the state.',
      ['site'],
    ),
    raftSnapshotInterval: gauge(
      'raft_snapshot_interval_seconds',
      'How often a snapshot of the state is to be taken.',
      ['site'],
    ),
  };
}

export type ControllerGauges = ReturnType<typeof createControllerGauges>;

export function setControllerGauges(gauges: ControllerGauges, figures: ControllerFigures): void {
  gauges.leader.set(figures.isLeader ? 1 : 0);
  gauges.lease.set(figures.hasLease ? 1 : 0);
  gauges.claims.set({ kind: 'session' }, figures.claims.session);
  gauges.claims.set({ kind: 'execution' }, figures.claims.execution);
  gauges.present.reset();
  for (const [site, isPresent] of figures.sites) gauges.present.set({ site }, isPresent ? 1 : 0);
  gauges.quorum.set(figures.hasQuorum ? 1 : 0);
  gauges.quorumAge.set(figures.quorumAgeSeconds);
  gauges.lag.set(figures.lagSeconds);
  setMember(gauges, figures);
}

/** Their series carry the site, so that a controller without a member of its own has none of them. */
function setMember(gauges: ControllerGauges, { site, member }: ControllerFigures): void {
  if (member === null) return;
  gauges.raftHasLeader.set({ site }, member.hasLeader ? 1 : 0);
  gauges.raftDb.set({ site }, member.dbBytes);
  gauges.raftQuota.set({ site }, member.dbQuotaBytes);
  gauges.raftAlarms.set({ site }, member.alarms);
  gauges.raftSnapshotInterval.set({ site }, member.snapshotEverySeconds);
  if (member.snapshotAgeSeconds !== null)
    gauges.raftSnapshotAge.set({ site }, member.snapshotAgeSeconds);
}
