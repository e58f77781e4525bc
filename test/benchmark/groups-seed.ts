import { isoTime, systemClock } from '../../kernel/clock.ts';
import { keys } from '../../controller/state/keys.ts';
import { latestOf, summarize } from '../../controller/state/summary.ts';
import { type Operation, put, type Store } from '../../controller/store/store.ts';
import { firstHead, pointOf, sessionOf, specOf } from '../controller/support/fixtures.ts';

const pointsKept = 30;
const hourMs = 3_600_000;

/** Of a group whose sessions have run for a month: nothing is due before tomorrow. */
function operationsOf(index: number, containers: number, nowMs: number): readonly Operation[] {
  const group = `group-${String(index).padStart(4, '0')}`;
  const names = Array.from({ length: containers }, (_, each) => `box-${index}-${each}`);
  const resources = names.map((name) => ({ kind: 'container', id: name, name }) as const);
  const members = names.map((name) => ({ kind: 'container', nameOrId: name }) as const);
  const at = isoTime(nowMs);
  const session = sessionOf(group, `${group}-now`, {
    resources,
    phase: 'done',
    startedAt: at,
    endedAt: at,
  });
  const points = Array.from({ length: pointsKept }, (_, age) => {
    const point = pointOf(group, `p${age}`, isoTime(nowMs - age * 24 * hourMs));
    return put(keys.point(group, point.id), { ...point, sequence: pointsKept - age });
  });
  return [
    put(keys.group(group), { spec: specOf(group, { policy: 'rare', members }), createdAt: at }),
    put(keys.head(group), firstHead),
    put(keys.members(group), { resources }),
    put(keys.session(group), session),
    put(keys.latest(group), latestOf(session, null)),
    put(keys.history(group, 'before'), summarize(session)),
    put(keys.rto(group), { seconds: 61, executionId: 'x', at }),
    ...points,
  ];
}

/** Writes the state of the groups from one number to another, and the policy that they use. */
export async function seedGroups(
  store: Store,
  from: number,
  to: number,
  containers: number,
): Promise<void> {
  const nowMs = systemClock.now();
  const policy = {
    name: 'rare',
    rpoSeconds: 3 * 86_400,
    rtoSeconds: 86_400,
    schedule: { every: 86_400, jitterSeconds: 0 },
    retention: { last: pointsKept, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    targetRegion: 'west',
    changes: { limitPercent: 50, graceSeconds: 604_800 },
    verification: { periodSeconds: 2_592_000, bytesPerSecond: 52_428_800 },
    options: { volume: { maxIncrementals: 6 } },
  };
  await store.transact([], [put(keys.policy('rare'), policy)]);
  for (let index = from; index < to; index++)
    await store.transact([], operationsOf(index, containers, nowMs));
}
