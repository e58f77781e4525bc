import { asKnown } from './as-known.ts';
import type { Row } from './panel.ts';

/** Only the processes that are controllers, however the scrape job is called. */
const controllers = 'and on (instance, job) farshore_controller_is_leader';

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

export const controllerRows: readonly Row[] = [process, together];
