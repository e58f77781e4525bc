import { asKnown } from './as-known.ts';
import { controllerRows } from './controller-panels.ts';
import type { Row } from './panel.ts';

const group = 'group=~"$group"';
const ofGroup = (metric: string, by = 'group', selector = group) =>
  asKnown(`${metric}{${selector}}`, by);

function quantile(metric: string, by: string, selector = ''): string {
  return `histogram_quantile(0.95, sum by (le, ${by}) (increase(${metric}_bucket{${selector}}[$__range])))`;
}

const objectives: Row = {
  title: 'Objectives',
  panels: [
    {
      id: 1,
      title: 'RPO reached / objective',
      description:
        'Age of the newest proven recovery point as a share of the objective. Above 100 % an outage now would lose more than was promised.',
      kind: 'stat',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `(${ofGroup('farshore_group_rpo_seconds')}) / on (group) (max by (group) (farshore_group_rpo_objective_seconds))`,
          legend: '{{group}}',
        },
      ],
      thresholds: [
        ['orange', 0.8],
        ['red', 1],
      ],
    },
    {
      id: 2,
      title: 'RTO measured / objective',
      description: 'Of the newest verified drill or failover. No value: no drill has been run yet.',
      kind: 'stat',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `(${ofGroup('farshore_group_rto_seconds', 'group', `${group}, source="measured"`)}) / on (group) (max by (group) (farshore_group_rto_objective_seconds))`,
          legend: '{{group}}',
        },
      ],
      thresholds: [
        ['orange', 0.8],
        ['red', 1],
      ],
    },
    {
      id: 3,
      title: 'Services of the regions',
      description: '1 where the service answers. Failover needs the secondary only.',
      kind: 'stat',
      unit: 'none',
      width: 8,
      queries: [
        {
          expr: asKnown('farshore_region_up', 'region, service', 'min'),
          legend: '{{region}} {{service}}',
        },
      ],
      thresholds: [['green', 1]],
    },
    {
      id: 25,
      title: 'State of the groups',
      description:
        'Protected: the RPO is met. At risk: it is not, or a member lacks a copy or changed unconfirmed. Failing over, failed over, and paused: nothing replicates the group.',
      kind: 'timeseries',
      unit: 'none',
      width: 24,
      queries: [
        {
          expr: `(${ofGroup('farshore_group_state', 'group, state')}) == 1`,
          legend: '{{group}} {{state}}',
        },
      ],
    },
    {
      id: 4,
      title: 'RPO',
      description: 'What an outage would lose, and the objective of each group.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        { expr: ofGroup('farshore_group_rpo_seconds'), legend: '{{group}} reached' },
        { expr: ofGroup('farshore_group_rpo_objective_seconds'), legend: '{{group}} objective' },
      ],
    },
    {
      id: 5,
      title: 'RTO',
      description: 'From the declaration of an outage, or of a drill, to the last verified step.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: ofGroup('farshore_group_rto_seconds', 'group, source'),
          legend: '{{group}} {{source}}',
        },
        { expr: ofGroup('farshore_group_rto_objective_seconds'), legend: '{{group}} objective' },
      ],
    },
  ],
};

const points: Row = {
  title: 'Recovery points',
  panels: [
    {
      id: 6,
      title: 'Recovery points by state',
      description:
        'Damaged ones are not restored from: see farshore point show for what was found.',
      kind: 'timeseries',
      unit: 'none',
      width: 12,
      queries: [
        {
          expr: ofGroup('farshore_recovery_points', 'group, state'),
          legend: '{{group}} {{state}}',
        },
      ],
    },
    {
      id: 7,
      title: 'Age of the newest proven point, and of the last look at all of them',
      description:
        'The first is counted by Prometheus and grows on without a controller. The other: since when everything was read again.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: `time() - (${ofGroup('farshore_group_last_proven_point_timestamp_seconds')})`,
          legend: '{{group}}',
        },
        { expr: ofGroup('farshore_group_verification_age_seconds'), legend: '{{group}} all' },
      ],
    },
  ],
};

const replication: Row = {
  title: 'Replication',
  panels: [
    {
      id: 8,
      title: 'Shipped',
      description: 'Bytes that crossed to the secondary, by kind of resource.',
      kind: 'timeseries',
      unit: 'Bps',
      width: 8,
      queries: [
        {
          expr: `sum by (group, kind) (rate(farshore_replication_bytes_total{${group}}[$__rate_interval]))`,
          legend: '{{group}} {{kind}}',
        },
      ],
    },
    {
      id: 9,
      title: 'Objects',
      description: 'Moved over the link, copied inside the secondary, or present there already.',
      kind: 'timeseries',
      unit: 'ops',
      width: 8,
      queries: [
        {
          expr: `sum by (result) (rate(farshore_replication_objects_total{${group}}[$__rate_interval]))`,
          legend: '{{result}}',
        },
      ],
    },
    {
      id: 10,
      title: 'Backlog',
      description: 'Known to be left to ship in the sessions under way.',
      kind: 'timeseries',
      unit: 'bytes',
      width: 8,
      queries: [
        {
          expr: `sum by (group) (farshore_replication_backlog_bytes{${group}})`,
          legend: '{{group}}',
        },
      ],
    },
    {
      id: 11,
      title: 'Duration of sessions (95th percentile)',
      description: 'A session that takes longer than its interval cannot meet its objective.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: quantile('farshore_replication_session_duration_seconds', 'group', group),
          legend: '{{group}}',
        },
      ],
    },
    {
      id: 12,
      title: 'Sessions by result',
      description: 'Failed ones: farshore group show says which resource, and what to do.',
      kind: 'timeseries',
      unit: 'none',
      width: 12,
      queries: [
        {
          expr: `sum by (group, result) (increase(farshore_replication_sessions_total{${group}}[$__range]))`,
          legend: '{{group}} {{result}}',
        },
      ],
    },
  ],
};

const recovery: Row = {
  title: 'Runbooks',
  panels: [
    {
      id: 26,
      title: 'Newest executions',
      description:
        'How long the newest of each group and mode has been in its state. Waiting: for an approval, see farshore status.',
      kind: 'timeseries',
      unit: 's',
      width: 24,
      queries: [
        {
          expr: `time() - (${ofGroup('farshore_group_execution_state_timestamp_seconds', 'group, mode, state')})`,
          legend: '{{group}} {{mode}} {{state}}',
        },
      ],
    },
    {
      id: 13,
      title: 'Executions by result',
      description: 'Unchecked: done, but something could not be verified; that is no success.',
      kind: 'timeseries',
      unit: 'none',
      width: 12,
      queries: [
        {
          expr: 'sum by (mode, result) (farshore_runbook_executions_total)',
          legend: '{{mode}} {{result}}',
        },
      ],
    },
    {
      id: 14,
      title: 'Duration of steps (95th percentile)',
      description: 'Where the recovery time goes.',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        { expr: quantile('farshore_runbook_step_duration_seconds', 'type'), legend: '{{type}}' },
      ],
    },
  ],
};

export const rows: readonly Row[] = [objectives, points, replication, recovery, ...controllerRows];
