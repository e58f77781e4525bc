import { refused, notFound } from './refusals.ts';
import { atomically } from '../store/atomically.ts';
import { put, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';

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
      operations: [put(holdsKey, { executions })],
      result: undefined,
    };
  });
}

/** True while an execution that has not ended uses the point. */
export async function isHeld(store: Store, group: string, point: string): Promise<boolean> {
  const holds = await store.get(keys.holds(group, point));
  return (await liveOf(store, holds?.value.executions ?? [])).length > 0;
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
