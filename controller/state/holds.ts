import { refused, notFound } from './refusals.ts';
import { atomically } from '../store/atomically.ts';
import { type Operation, put, remove, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';
import type { Holds } from './records.ts';

/**
 * Keeps a point from being expired while the execution has not ended. In one transaction with the
 * point's state: either the hold is there before the point became `expiring`, and whoever expires
 * sees it after that, or this throws `point.expiring`.
 */
export async function holdPoint(
  store: Store,
  group: string,
  point: string,
  executionId: string,
): Promise<void> {
  await changeHolds(store, group, point, (live, holds) => {
    const executions = [...live.filter((id) => id !== executionId), executionId];
    return [put(keys.holds(group, point), { ...holds, executions })];
  });
}

/** True while an execution that has not ended uses the point. */
export async function isHeld(store: Store, group: string, point: string): Promise<boolean> {
  const holds = await store.get(keys.holds(group, point));
  return (await liveOf(store, holds?.value.executions ?? [])).length > 0;
}

/**
 * An operator keeps the point until he lets it go, whatever the policy says; or, without a reason, lets
 * it go. Repeated, nothing changes but the reason.
 */
export async function holdForOperator(
  store: Store,
  group: string,
  point: string,
  hold: NonNullable<Holds['operator']> | null,
  audit: Operation,
): Promise<void> {
  const key = keys.holds(group, point);
  await changeHolds(store, group, point, (executions) => {
    const next = hold === null ? { executions } : { executions, operator: hold };
    const isEmpty = hold === null && executions.length === 0;
    return [isEmpty ? remove(key) : put(key, next), audit];
  });
}

/** In one transaction with the state of the point, which must not be expiring; `live` have not ended. */
async function changeHolds(
  store: Store,
  group: string,
  point: string,
  change: (live: readonly string[], holds: Holds | undefined) => readonly Operation[],
): Promise<void> {
  const [pointKey, holdsKey] = [keys.point(group, point), keys.holds(group, point)];
  await atomically(store, async () => {
    const head = await store.get(pointKey);
    if (head === null) throw notFound('point', `${group}/${point}`);
    if (head.value.state === 'expiring') throw expiring(group, point);
    const holds = await store.get(holdsKey);
    const live = await liveOf(store, holds?.value.executions ?? []);
    return {
      compares: [unchanged(pointKey, head), unchanged(holdsKey, holds)],
      operations: change(live, holds?.value),
      result: undefined,
    };
  });
}

async function liveOf(store: Store, executions: readonly string[]): Promise<readonly string[]> {
  const live: string[] = [];
  for (const id of executions) {
    const execution = await store.get(keys.execution(id));
    if (execution !== null && execution.value.state !== 'ended') live.push(id);
  }
  return live;
}

function expiring(group: string, point: string): Error {
  return refused(
    'point.expiring',
    'use point',
    `${group}/${point}`,
    'the point is being deleted',
    `choose another: farshore point list ${group}`,
  );
}
