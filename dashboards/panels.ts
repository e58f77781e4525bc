import { asKnown } from './as-known.ts';

/** One query of a panel: PromQL and what Grafana calls its series. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  /** Fixed for good: links and screenshots name it. Never used again for something else. */
  readonly id: number;
  readonly title: string;
  /** What the operator reads off it, and what to do when it looks bad. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries';
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** From the second value on it is drawn in the colour. */
  readonly thresholds?: readonly (readonly [color: string, from: number])[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Only the processes that are controllers, however the scrape job is called. */
const controllers = 'and on (instance, job) farshore_controller_is_leader';
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

const process: Row = {
  title: 'Controller',
  panels: [
    {
      id: 15,
      title: 'Memory of the process',
      description: 'Stays under 300 MB whatever is replicated.',
      kind: 'timeseries',
      unit: 'bytes',
      width: 8,
      queries: [
        { expr: `process_resident_memory_bytes ${controllers}`, legend: '{{instance}} resident' },
        { expr: `nodejs_heap_size_used_bytes ${controllers}`, legend: '{{instance}} heap' },
      ],
    },
    {
      id: 16,
      title: 'Event loop lag (99th percentile)',
      description: 'When it grows, the process lacks CPU.',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [
        { expr: `nodejs_eventloop_lag_p99_seconds ${controllers}`, legend: '{{instance}}' },
      ],
    },
    {
      id: 17,
      title: 'Requests to the regions',
      description: 'By status; 0 means that no answer came.',
      kind: 'timeseries',
      unit: 'reqps',
      width: 8,
      queries: [
        {
          expr: 'sum by (region, service, status) (rate(farshore_region_requests_total[$__rate_interval]))',
          legend: '{{region}} {{service}} {{status}}',
        },
      ],
    },
    {
      id: 24,
      title: 'Requests to the state store',
      description: 'Groups at rest cause none: a rate that grows with their number is a defect.',
      kind: 'timeseries',
      unit: 'reqps',
      width: 8,
      queries: [
        {
          expr: 'sum by (instance, request) (rate(farshore_store_requests_total[$__rate_interval]))',
          legend: '{{instance}} {{request}}',
        },
      ],
    },
  ],
};

const together: Row = {
  title: 'Controllers in several regions',
  panels: [
    {
      id: 18,
      title: 'Controllers',
      description: '1 where a controller of the site is there, as seen by those with a quorum.',
      kind: 'stat',
      unit: 'none',
      width: 8,
      queries: [{ expr: asKnown('farshore_controller_present', 'site'), legend: '{{site}}' }],
      thresholds: [['green', 1]],
    },
    {
      id: 19,
      title: 'Coordinator, leases and quorum',
      description:
        'Which controller coordinates; one without a lease carries nothing out; one that does not see a majority of the sites shows old state.',
      kind: 'timeseries',
      unit: 'none',
      width: 8,
      queries: [
        { expr: 'farshore_controller_is_leader', legend: '{{instance}} coordinates' },
        { expr: 'farshore_controller_has_lease', legend: '{{instance}} has its lease' },
        { expr: 'farshore_store_has_quorum', legend: '{{instance}} sees a majority' },
      ],
    },
    {
      id: 20,
      title: 'Work by controller',
      description: 'Sessions and executions that each carries out.',
      kind: 'timeseries',
      unit: 'none',
      width: 8,
      queries: [{ expr: 'farshore_controller_claims', legend: '{{instance}} {{kind}}' }],
    },
    {
      id: 21,
      title: 'Age of the state',
      description:
        'How far what a controller shows is behind the store, and since when it saw a majority.',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [
        { expr: 'farshore_state_lag_seconds', legend: '{{instance}} behind' },
        { expr: 'farshore_store_quorum_age_seconds', legend: '{{instance}} since a majority' },
      ],
    },
    {
      id: 22,
      title: "etcd members' databases",
      description: 'At the quota a member takes no more writes. Empty where no member is run here.',
      kind: 'timeseries',
      unit: 'bytes',
      width: 8,
      queries: [
        { expr: 'max by (site) (farshore_raft_db_bytes)', legend: '{{site}}' },
        { expr: 'max by (site) (farshore_raft_db_quota_bytes)', legend: '{{site}} quota' },
      ],
    },
    {
      id: 23,
      title: "etcd members' leader and snapshots",
      description: 'A member without a leader stands alone. Snapshots are taken at each site.',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [
        { expr: 'max by (site) (farshore_raft_has_leader)', legend: '{{site}} has a leader' },
        {
          expr: 'max by (site) (farshore_raft_snapshot_age_seconds)',
          legend: '{{site}} age of the newest snapshot',
        },
        {
          expr: 'max by (site) (farshore_raft_snapshot_interval_seconds)',
          legend: '{{site}} interval',
        },
      ],
    },
  ],
};

export const rows: readonly Row[] = [objectives, points, replication, recovery, process, together];
