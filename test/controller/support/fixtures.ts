import type { Random } from '../../../kernel/random.ts';
import type { ResourceRef } from '../../../replicator/mover.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Session } from '../../../replicator/session/types.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { GroupSpec, ProtectionPolicy } from '../../../controller/model/types.ts';
import { keys } from '../../../controller/state/keys.ts';
import type { GroupHead } from '../../../controller/state/records.ts';
import { put, type Store } from '../../../controller/store/store.ts';

export const volume: ResourceRef = { kind: 'volume', id: 'v1', name: 'data' };

export const gold: ProtectionPolicy = {
  name: 'gold',
  rpoSeconds: 900,
  rtoSeconds: 3600,
  schedule: { every: 300, jitterSeconds: 0 },
  retention: { last: 3, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
  changes: { limitPercent: 50, graceSeconds: 604_800 },
  verification: { periodSeconds: 2_592_000, bytesPerSecond: 52_428_800 },
  targetRegion: 'west',
  options: { volume: { maxIncrementals: 6 } },
};

export function specOf(name: string, change: Partial<GroupSpec> = {}): GroupSpec {
  return {
    name,
    policy: 'gold',
    source: { region: 'east', project: 'demo' },
    target: { project: 'demo', mappings: {} },
    members: [{ kind: 'volume', nameOrId: 'data' }],
    paused: false,
    ...change,
  };
}

export const firstHead: GroupHead = { generation: 1, primary: 'east', secondary: 'west' };

/** As applying leaves it. */
export async function addGroup(
  store: Store,
  name: string,
  change: Partial<GroupSpec> = {},
): Promise<void> {
  await store.transact(
    [],
    [
      put(keys.policy('gold'), gold),
      put(keys.group(name), { spec: specOf(name, change), createdAt: '2026-11-21T08:00:00.000Z' }),
      put(keys.head(name), firstHead),
      put(keys.members(name), { resources: [volume] }),
    ],
  );
}

/** A group is failed over only to what was proven. */
export async function addProvenPoint(store: Store, group: string): Promise<void> {
  const point = pointOf(group, 'p1', '2026-11-21T08:01:00.000Z');
  await store.transact([], [put(keys.point(group, 'p1'), point)]);
}

export function sessionOf(group: string, id: string, change: Partial<Session> = {}): Session {
  return {
    id,
    group,
    generation: 1,
    sourceRegion: 'east',
    targetRegion: 'west',
    resources: [volume],
    lacking: [],
    phase: 'capturing',
    runs: 0,
    startedAt: '2026-11-21T08:00:00.000Z',
    captures: {},
    copies: {},
    verifications: {},
    repairs: 0,
    pointId: id,
    moved: { bytes: 0, objects: 0 },
    ...change,
  };
}

export function pointOf(
  group: string,
  id: string,
  dataTime: string,
  change: Partial<RecoveryPoint> = {},
): RecoveryPoint {
  return {
    id,
    group,
    generation: 1,
    // Committed in the order of their data.
    sequence: Date.parse(dataTime),
    state: 'proven',
    region: 'west',
    sourceRegion: 'east',
    cutStart: dataTime,
    cutEnd: dataTime,
    dataTime,
    committedAt: dataTime,
    manifest: { object: `${group}/points/${id}.json`, sha256: 'aa' },
    members: [{ resource: volume, state: 'proven', dataTime, damaged: 0, problem: null }],
    formats: [],
    resources: 1,
    objects: 1,
    bytes: 1,
    checked: { serial: 0, at: dataTime, depth: 'content', damaged: 0, findings: [] },
    ...change,
  };
}

export function executionOf(group: string, id: string, change: Partial<Execution> = {}): Execution {
  return {
    id,
    runbook: 'failover',
    group,
    mode: 'failover',
    dryRun: false,
    params: {},
    state: 'running',
    declaredAt: '2026-11-21T09:00:00.000Z',
    cancelRequested: false,
    generation: 1,
    rpoObjectiveSeconds: 900,
    rtoObjectiveSeconds: 3600,
    steps: [],
    version: 1,
    ...change,
  };
}

/** Draws no jitter and counts its ids. */
export function countingRandom(): Random {
  let count = 0;
  return {
    next: () => 0,
    id: () => (++count).toString(16).padStart(16, '0').split('').reverse().join(''),
  };
}
