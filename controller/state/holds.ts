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
  const [pointKey, holdsKey] = [keys.point(group, point), keys.holds(group, point)];
  await atomically(store, async () => {
    const head = await store.get(pointKey);
    if (head === null) throw notFound('point', `${group}/${point}`);
    if (head.value.state === 'expiring') throw expiring(group, point);
    const holds = await store.get(holdsKey);
    const others = await liveOf(store, holds?.value.executions ?? []);
    const executions = [...others.filter((id) => id !== executionId), executionId];
    return {
      compares: [unchanged(pointKey, head), unchanged(holdsKey, holds)],
      operations: [put(holdsKey, { ...holds?.value, executions })],
      result: undefined,
    };
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
  const [pointKey, holdsKey] = [keys.point(group, point), keys.holds(group, point)];
  await atomically(store, async () => {
    const head = await store.get(pointKey);
    if (head === null) throw notFound('point', `${group}/${point}`);
    if (head.value.state === 'expiring') throw expiring(group, point);
    const holds = await store.get(holdsKey);
    const executions = await liveOf(store, holds?.value.executions ?? []);
    const next = hold === null ? { executions } : { executions, operator: hold };
    const isEmpty = hold === null && executions.length === 0;
    return {
      compares: [unchanged(pointKey, head), unchanged(holdsKey, holds)],
      operations: [isEmpty ? remove(holdsKey) : put(holdsKey, next), audit],
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
