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
 * a series that begins at 1.
 */
function rose(counter: string): string {
  return `increase(${counter}[1h]) > 0 or (${counter} unless ${counter} offset 1h) > 0`;
}

export const rules: readonly Rule[] = [
  {
    alert: 'FarshoreRpoBeyondObjective',
    expr: 'farshore_group_rpo_seconds > farshore_group_rpo_objective_seconds',
    for: '1m',
    severity: 'critical',
    summary:
      'Group {{ $labels.group }}: the newest proven recovery point is older than the RPO objective',
    action: 'Run farshore group show {{ $labels.group }} and mend what its last session names.',
  },
  {
    alert: 'FarshoreRpoNearObjective',
    expr: 'farshore_group_rpo_seconds > 0.8 * farshore_group_rpo_objective_seconds <= farshore_group_rpo_objective_seconds',
    for: '1m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }}: more than 80 % of the RPO objective is used up',
    action: 'Look at the running session and its backlog; start one with farshore group sync.',
  },
  {
    alert: 'FarshoreNoProvenPoint',
    expr: 'farshore_group_rpo_objective_seconds unless on (instance, job, group) farshore_group_last_proven_point_timestamp_seconds',
    for: '30m',
    severity: 'critical',
    summary: 'Group {{ $labels.group }} has no proven recovery point: it cannot be failed over',
    action: 'Run farshore group show {{ $labels.group }} and mend what its last session names.',
  },
  {
    alert: 'FarshorePointDamaged',
    expr: 'farshore_recovery_points{state="damaged"} > 0',
    for: '0m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }}: {{ $value }} damaged recovery points in the secondary',
    action:
      'Run farshore point list and point show: what is damaged, and since when; check the store.',
  },
  {
    alert: 'FarshoreRegionServiceDown',
    expr: 'farshore_region_up == 0',
    for: '2m',
    severity: 'critical',
    summary: 'Region {{ $labels.region }}: {{ $labels.service }} does not answer',
    action: 'If the region is lost, fail its groups over: farshore failover <group>.',
  },
  {
    alert: 'FarshoreSessionFailed',
    expr: rose('farshore_replication_sessions_total{result="failed"}'),
    for: '0m',
    severity: 'warning',
    summary: 'Group {{ $labels.group }}: a replication session failed within the last hour',
    action: 'Run farshore group show {{ $labels.group }}: the error names the resource.',
  },
  {
    alert: 'FarshoreExecutionFailed',
    expr: rose('farshore_runbook_executions_total{result=~"failed|unchecked"}'),
    for: '0m',
    severity: 'critical',
    summary: 'A {{ $labels.mode }} ended {{ $labels.result }} within the last hour',
    action:
      'Run farshore execution list and execution report; mend, then farshore execution retry.',
  },
  {
    alert: 'FarshoreRtoBeyondObjective',
    expr: 'farshore_group_rto_seconds{source="measured"} > on (instance, job, group) farshore_group_rto_objective_seconds',
    for: '0m',
    severity: 'warning',
    summary:
      'Group {{ $labels.group }}: the last drill or failover took longer than the RTO objective',
    action: 'Look at the durations of its steps: farshore execution report.',
  },
  {
    alert: 'FarshoreControllerAbsent',
    expr: 'absent(farshore_controller_is_leader == 1)',
    for: '5m',
    severity: 'critical',
    summary: 'No Farshore controller is at work: nothing is replicated',
    action: 'Start farshore serve; it takes up what was under way.',
  },
];

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
