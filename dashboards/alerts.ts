import { asKnown } from './as-known.ts';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold: a scrape that was missed is no outage. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  /** What the operator does. */
  readonly action: string;
}

/**
 * True for an hour after a counter rose, its first appearance included: `increase` alone does not see
 * a series that begins at 1. Whichever controller counted.
 */
function rose(counter: string, by: string): string {
  return `max by (${by}) (increase(${counter}[1h]) > 0 or (${counter} unless ${counter} offset 1h) > 0)`;
}

const rpo = `(${asKnown('farshore_group_rpo_seconds', 'group')})`;
const rpoObjective = `(${asKnown('farshore_group_rpo_objective_seconds', 'group')})`;
const rto = `(${asKnown('farshore_group_rto_seconds{source="measured"}', 'group')})`;
const rtoObjective = `(${asKnown('farshore_group_rto_objective_seconds', 'group')})`;

/** When the newest execution of a group came into one of these states, by mode. */
function since(states: string, mode = '.+'): string {
  const metric = `farshore_group_execution_state_timestamp_seconds{mode=~"${mode}",state=~"${states}"}`;
  return `(${asKnown(metric, 'group, mode, state')})`;
}

const ofGroups: readonly Rule[] = [
  {
    alert: 'FarshoreRpoBeyondObjective',
    expr: `${rpo} > ${rpoObjective}`,
    for: '1m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: the newest proven recovery point is older than the RPO objective',
    action: 'Run farshore group show {{ $labels.group }} and mend what its last session names.',
  },
  {
    alert: 'FarshoreRpoNearObjective',
    expr: `${rpo} > 0.8 * ${rpoObjective} <= ${rpoObjective}`,
    for: '1m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }}: more than 80 % of the RPO objective is used up',
    action: 'Look at the running session and its backlog; start one with farshore group sync.',
  },
  {
    alert: 'FarshoreGroupUnprotected',
    expr: `(${asKnown('farshore_group_state{state="failed-over"}', 'group')}) == 1`,
    for: '0m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }} was failed over: nothing replicates it any more',
    action:
      'What runs now is lost if its region is: protect it by a group of another name in the other direction. Once its own points are not needed any more: farshore group delete {{ $labels.group }} --delete-points.',
  },
  {
    alert: 'FarshoreFailoverWaiting',
    expr: `time() - ${since('waiting', 'failover')} > 60`,
    for: '0m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: its failover has waited {{ $value | humanizeDuration }} for an approval',
    action: 'Run farshore status: it says what for, and how to go on or to end it.',
  },
  {
    alert: 'FarshoreFailoverFailed',
    expr: `(${asKnown('farshore_group_state{state="failover-failed"}', 'group')}) == 1`,
    for: '0m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: its failover ended before everything was restored in the secondary',
    action:
      'Run farshore status: it names the execution and what failed. Mend that, then farshore execution retry.',
  },
  {
    alert: 'FarshoreNoProvenPoint',
    expr: `${rpoObjective} unless on (group) farshore_group_last_proven_point_timestamp_seconds`,
    for: '30m',
    severity: 'critical',
    summary: 'Group {{ $labels.group }} has no proven recovery point: it cannot be failed over',
    action: 'Run farshore group show {{ $labels.group }} and mend what its last session names.',
  },
  {
    alert: 'FarshorePointDamaged',
    expr: `(${asKnown('farshore_recovery_points{state="damaged"}', 'group')}) > 0`,
    for: '0m',
    severity: 'warning',
    summary:
      'Group {{ $labels.group }}: {{ $value }} recovery points of which nothing can be recovered in the secondary',
    action:
      'Run farshore point list and point show: what is damaged, and since when; check the store.',
  },
  {
    alert: 'FarshoreCopyDamaged',
    expr: `(${asKnown('farshore_group_damaged_copies', 'group')}) > 0`,
    for: '30m',
    severity: 'warning',
    summary:
      'Group {{ $labels.group }}: {{ $value }} copies in its recovery points are damaged in the secondary',
    action:
      'Run farshore point list and point show: which, and what of them. Sessions repair what the source still has; check the store.',
  },
  {
    alert: 'FarshoreVerificationOverdue',
    expr: `(${asKnown('farshore_group_verification_age_seconds', 'group')}) > (${asKnown('farshore_group_verification_period_seconds', 'group')})`,
    for: '15m',
    severity: 'warning',
    summary:
      "Group {{ $labels.group }}: its copies were not all read again within the policy's period",
    action:
      "Look for 'copies cannot be read again' in the controllers' logs; raise verification.rate in the policy.",
  },
  {
    alert: 'FarshoreResourceLacking',
    expr: `(${asKnown('farshore_group_lacking_resources', 'group')}) > 0`,
    for: '15m',
    severity: 'warning',
    summary:
      'Group {{ $labels.group }}: {{ $value }} resources cannot be recovered from the newest point',
    action: 'Run farshore group show {{ $labels.group }}: it names them and says why.',
  },
  {
    alert: 'FarshoreMemberChanged',
    expr: `(${asKnown('farshore_group_member_changes', 'group, change')}) > 0`,
    for: '0m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: {{ $value }} members are {{ $labels.change }} in the source; their copies from before are kept',
    action:
      'Is that intended? farshore group show {{ $labels.group }}, then farshore group release, or bring it back.',
  },
  {
    alert: 'FarshoreRegionServiceDown',
    expr: `(${asKnown('farshore_region_up', 'region, service', 'min')}) == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'Region {{ $labels.region }}: {{ $labels.service }} does not answer',
    action: 'If the region is lost, fail its groups over: farshore failover <group>.',
  },
  {
    alert: 'FarshoreSessionFailed',
    expr: rose('farshore_replication_sessions_total{result="failed"}', 'group'),
    for: '0m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }}: a replication session failed within the last hour',
    action: 'Run farshore group show {{ $labels.group }}: the error names the resource.',
  },
  {
    alert: 'FarshoreExecutionFailed',
    expr: `time() - ${since('failed|unchecked|partial')} < 86400`,
    for: '0m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: its newest {{ $labels.mode }} ended {{ $labels.state }} within the last day',
    action:
      'Run farshore status: it names the execution; farshore execution report has all of it. Mend, then farshore execution retry, or a new drill.',
  },
  {
    alert: 'FarshoreRtoBeyondObjective',
    expr: `${rto} > ${rtoObjective}`,
    for: '0m',
    severity: 'warning',
    summary:
      'Group {{ $labels.group }}: the last drill or failover took longer than the RTO objective',
    action: 'Look at the durations of its steps: farshore execution report.',
  },
];

const ofControllers: readonly Rule[] = [
  {
    alert: 'FarshoreControllerAbsent',
    expr: 'absent(farshore_controller_is_leader)',
    for: '5m',
    severity: 'critical',
    summary: 'No Farshore controller answers: nothing is replicated',
    action: 'Start farshore serve; it takes up what was under way.',
  },
  {
    alert: 'FarshoreNoLeader',
    expr: 'max(farshore_controller_is_leader) == 0',
    for: '1m',
    severity: 'critical',
    summary: 'There are controllers, but none of them coordinates',
    action: 'Run farshore raft status at each site: do they reach each other?',
  },
  {
    alert: 'FarshoreNoQuorum',
    expr: 'max(farshore_store_has_quorum) == 0',
    for: '1m',
    severity: 'critical',
    summary: "No majority of the controllers' sites answers: nothing can be changed or failed over",
    action:
      'Run farshore raft status. If the other sites are lost for good: farshore raft force-quorum.',
  },
  {
    alert: 'FarshoreControllerCutOff',
    expr: 'farshore_store_has_quorum == 0 and on () max(farshore_store_has_quorum) == 1',
    for: '1m',
    severity: 'warning',
    summary: 'The controller {{ $labels.instance }} is cut off from the others: it shows old state',
    action: 'Mend the network between the sites; the other controllers carry on meanwhile.',
  },
  {
    alert: 'FarshoreControllerMissing',
    expr: `(${asKnown('farshore_controller_present', 'site')}) == 0`,
    for: '5m',
    severity: 'warning',
    summary: 'No controller of site {{ $labels.site }} is there: one loss less can be borne',
    action: 'Start farshore serve there, or mend its network: farshore raft status.',
  },
];

const ofMembers: readonly Rule[] = [
  {
    alert: 'FarshoreMemberWithoutLeader',
    expr: 'max by (site) (farshore_raft_has_leader) == 0',
    for: '1m',
    severity: 'warning',
    summary: 'The etcd member of site {{ $labels.site }} knows no leader',
    action: 'Run farshore raft status there: does it reach the other sites?',
  },
  {
    alert: 'FarshoreMemberDbNearQuota',
    expr: 'max by (site) (farshore_raft_db_bytes) > 0.8 * max by (site) (farshore_raft_db_quota_bytes)',
    for: '10m',
    severity: 'warning',
    summary: 'The etcd database of site {{ $labels.site }} takes more than 80 % of its quota',
    action: 'The coordinator compacts and defragments by itself: look at what its log says of it.',
  },
  {
    alert: 'FarshoreMemberAlarm',
    expr: 'max by (site) (farshore_raft_alarms) > 0',
    for: '1m',
    severity: 'critical',
    summary: 'The etcd member of site {{ $labels.site }} raises an alarm: writes are refused',
    action: 'Run farshore raft status: it names the alarm; free disk space if it is NOSPACE.',
  },
  {
    alert: 'FarshoreSnapshotOld',
    expr: 'max by (site) (farshore_raft_snapshot_age_seconds) > 3 * max by (site) (farshore_raft_snapshot_interval_seconds)',
    for: '10m',
    severity: 'warning',
    summary: 'Site {{ $labels.site }} has taken no snapshot of the state for three intervals',
    action: "Look for the reason in that controller's log; take one: farshore raft snapshot.",
  },
];

export const rules: readonly Rule[] = [...ofGroups, ...ofControllers, ...ofMembers];

/** The file as Prometheus reads it. */
export function rulesFile(): unknown {
  return {
    groups: [
      {
        name: 'farshore',
        rules: rules.map(({ alert, expr, for: held, severity, summary, action }) => ({
          alert,
          expr,
          for: held,
          labels: { severity },
          annotations: { summary, action },
        })),
      },
    ],
  };
}
