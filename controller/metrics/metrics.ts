import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { groupStates } from '../model/types.ts';
import type { Observer } from '../observer.ts';
import type { ControllerService } from '../service.ts';
import { createControllerGauges, setControllerGauges } from './controller-gauges.ts';

const memberChanges = ['lost', 'replaced', 'emptied', 'changed'] as const;

/** Session and step durations reach from a second to a day. */
const durationBuckets = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];

export interface Metrics {
  readonly observer: Observer;
  /** The text for /metrics; what can be computed from the state is computed now. */
  render(service: ControllerService): Promise<string>;
  readonly contentType: string;
}

/** A registry of its own, so that two controllers in one process do not share counters. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = createCounters(registry);
  const gauges = createGauges(registry);
  const own = createControllerGauges(registry);
  return Object.freeze({
    contentType: registry.contentType,
    observer: observerOf(counters, gauges.backlog),
    render: async (service: ControllerService) => {
      const groups = await refresh(gauges, service);
      await settle(counters, gauges.backlog, groups);
      setControllerGauges(own, service.figures());
      return registry.metrics();
    },
  });
}

function createCounters(registry: Registry) {
  const registers = [registry];
  return {
    bytes: new Counter({
      name: 'farshore_replication_bytes_total',
      help: 'Bytes shipped to the secondary.',
      labelNames: ['group', 'kind'],
      registers,
    }),
    objects: new Counter({
      name: 'farshore_replication_objects_total',
      help: 'Objects shipped (moved), copied inside the secondary (copied) or found there (present).',
      labelNames: ['group', 'kind', 'result'],
      registers,
    }),
    sessions: new Counter({
      name: 'farshore_replication_sessions_total',
      help: 'Ended runs of replication sessions.',
      labelNames: ['group', 'result'],
      registers,
    }),
    sessionSeconds: new Histogram({
      name: 'farshore_replication_session_duration_seconds',
      help: 'Duration of the runs of replication sessions.',
      labelNames: ['group', 'result'],
      buckets: durationBuckets,
      registers,
    }),
    executions: new Counter({
      name: 'farshore_runbook_executions_total',
      help: 'Ended executions of runbooks.',
      labelNames: ['group', 'mode', 'result'],
      registers,
    }),
    stepSeconds: new Histogram({
      name: 'farshore_runbook_step_duration_seconds',
      help: 'Duration of the steps of executions.',
      labelNames: ['type', 'result'],
      buckets: durationBuckets,
      registers,
    }),
    storeRequests: new Counter({
      name: 'farshore_store_requests_total',
      help: 'Requests to the state store; a group at rest causes none.',
      labelNames: ['request'],
      registers,
    }),
    requests: new Counter({
      name: 'farshore_region_requests_total',
      help: 'Requests to the services of the regions; status is 0 when no answer came.',
      labelNames: ['region', 'service', 'method', 'status'],
      registers,
    }),
  };
}

type Counters = ReturnType<typeof createCounters>;

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return {
    state: gauge('farshore_group_state', '1 for the state that the group is in.', [
      'group',
      'state',
    ]),
    executionState: gauge(
      'farshore_group_execution_state_timestamp_seconds',
      'When the newest execution of the mode came into the state that it is in.',
      ['group', 'mode', 'state'],
    ),
    backlog: gauge('farshore_replication_backlog_bytes', 'Left to ship in the session under way.', [
      'group',
    ]),
    rpo: gauge(
      'farshore_group_rpo_seconds',
      'Age of the newest proven copy of the resource that is worst off.',
      ['group'],
    ),
    rpoObjective: gauge('farshore_group_rpo_objective_seconds', 'RPO objective of the group.', [
      'group',
    ]),
    rto: gauge(
      'farshore_group_rto_seconds',
      'RTO, as the newest verified drill or failover measured it.',
      ['group', 'source'],
    ),
    rtoObjective: gauge('farshore_group_rto_objective_seconds', 'RTO objective of the group.', [
      'group',
    ]),
    lastProven: gauge(
      'farshore_group_last_proven_point_timestamp_seconds',
      'Data time of the newest proven copy of the resource that is worst off.',
      ['group'],
    ),
    points: gauge('farshore_recovery_points', 'Recovery points by state.', ['group', 'state']),
    lacking: gauge(
      'farshore_group_lacking_resources',
      'Resources that cannot be recovered, or not wholly, from the newest recovery point.',
      ['group'],
    ),
    damagedCopies: gauge(
      'farshore_group_damaged_copies',
      'Copies in any of the recovery points that were found damaged in the secondary.',
      ['group'],
    ),
    changes: gauge(
      'farshore_group_member_changes',
      'Members that were lost, replaced, emptied or changed in the source, and not released.',
      ['group', 'change'],
    ),
    verificationAge: gauge(
      'farshore_group_verification_age_seconds',
      'Since when everything that the group has in the secondary was read again, to its last byte.',
      ['group'],
    ),
    verificationPeriod: gauge(
      'farshore_group_verification_period_seconds',
      'Within it everything is to be read again, by the policy.',
      ['group'],
    ),
    regionUp: gauge('farshore_region_up', '1 where the service of the region answers.', [
      'region',
      'service',
    ]),
  };
}

type Gauges = ReturnType<typeof createGauges>;

function observerOf(counters: Counters, backlog: Gauge): Observer {
  return Object.freeze<Observer>({
    sessionEnded: ({ group, result, seconds }) => {
      counters.sessions.inc({ group, result });
      counters.sessionSeconds.observe({ group, result }, seconds);
    },
    moved: ({ group, kind, result, bytes, objects }) => {
      // Nothing shipped is a zero, and not a series that is not there.
      counters.bytes.inc({ group, kind }, result === 'moved' ? bytes : 0);
      counters.objects.inc({ group, kind, result }, objects);
    },
    backlog: ({ group, bytes }) => backlog.set({ group }, bytes),
    stepEnded: ({ step, state, seconds }) =>
      counters.stepSeconds.observe({ type: step, result: state }, seconds),
    executionEnded: ({ group, mode, result }) => counters.executions.inc({ group, mode, result }),
    request: ({ region, service, method, status }) =>
      counters.requests.inc({ region, service, method, status: String(status ?? 0) }),
    storeRequest: (request) => counters.storeRequests.inc({ request }),
  });
}

/**
 * A group's sessions are counted from zero, so that the first of them is a rise; of a group that was deleted
 * no series is left, of which an alert could go on.
 */
async function settle(
  { bytes, objects, sessions, sessionSeconds, executions }: Counters,
  backlog: Gauge,
  groups: ReadonlySet<string>,
): Promise<void> {
  for (const group of groups)
    for (const result of ['done', 'failed', 'superseded']) sessions.inc({ group, result }, 0);
  for (const metric of [bytes, objects, sessions, sessionSeconds, executions, backlog])
    for (const { labels } of (await metric.get()).values) {
      // A histogram's values are those of its buckets.
      const own = Object.entries(labels).filter(([name]) => name !== 'le');
      if (!groups.has(String(labels.group))) metric.remove(Object.fromEntries(own));
    }
}

/** All gauges but the backlog are set anew from the state at every scrape. Gives the names of the groups. */
async function refresh(gauges: Gauges, service: ControllerService): Promise<ReadonlySet<string>> {
  const [groups, regions] = await Promise.all([service.listGroupStatus(), service.knownRegions()]);
  for (const gauge of Object.values(gauges)) if (gauge !== gauges.backlog) gauge.reset();
  for (const group of groups) {
    const name = { group: group.name };
    for (const state of groupStates)
      gauges.state.set({ ...name, state }, group.state === state ? 1 : 0);
    for (const { mode, state, since } of group.executions)
      gauges.executionState.set({ ...name, mode, state }, Date.parse(since) / 1000);
    gauges.rpoObjective.set(name, group.rpoObjectiveSeconds);
    gauges.rtoObjective.set(name, group.rtoObjectiveSeconds);
    gauges.points.set({ ...name, state: 'proven' }, group.points.proven);
    gauges.points.set({ ...name, state: 'partial' }, group.points.partial);
    gauges.points.set({ ...name, state: 'damaged' }, group.points.damaged);
    gauges.lacking.set(name, group.lacks.length);
    gauges.damagedCopies.set(name, group.damagedCopies);
    for (const change of memberChanges)
      gauges.changes.set(
        { ...name, change },
        group.changes.filter((each) => each.change === change).length,
      );
    if (group.verification !== null) {
      gauges.verificationAge.set(name, group.verification.ageSeconds);
      gauges.verificationPeriod.set(name, group.verification.periodSeconds);
    }
    if (group.rtoSeconds !== null)
      gauges.rto.set({ ...name, source: 'measured' }, group.rtoSeconds);
    if (group.newestProvenDataTime === null || group.rpoSeconds === null) continue;
    gauges.rpo.set(name, group.rpoSeconds);
    gauges.lastProven.set(name, Date.parse(group.newestProvenDataTime) / 1000);
  }
  for (const region of regions) {
    for (const { service: type, up } of region.services) {
      gauges.regionUp.set({ region: region.name, service: type }, up ? 1 : 0);
    }
  }
  return new Set(groups.map(({ name }) => name));
}
