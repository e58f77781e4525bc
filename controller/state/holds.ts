import { namedPoints } from '../../runbooks/execution/named-points.ts';
import { toRunAgain } from '../../runbooks/execution/state.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { refused, notFound } from './refusals.ts';
import { type Attempt, atomically } from '../store/atomically.ts';
import {
  type Compare,
  type Operation,
  put,
  remove,
  type Store,
  unchanged,
} from '../store/store.ts';
import { keys } from './keys.ts';
import type { Holds } from './records.ts';

/**
 * Keeps a point from being expired while the execution has not ended, and, where it restored from it, as long
 * as it can be tried again: without its point it never came to an end. In one transaction with the
 * point's state: either the hold is there before the point became `expiring`, and whoever expires
 * sees it after that, or this throws `point.expiring`.
 */
export async function holdPoint(
  store: Store,
  group: string,
  point: string,
  executionId: string,
): Promise<void> {
  await atomically(store, () => holdingFor(executionId, store, group, point));
}

/**
 * The part of a transaction that begins an execution which holds the points that its order names: from then
 * on, and not only when it comes to choose them, they are not expired. Throws `point.expiring`.
 */
export async function holdNamed(store: Store, execution: Execution): Promise<Attempt<void>> {
  const { id, group } = execution;
  const compares: Compare[] = [];
  const operations: Operation[] = [];
  for (const point of namedPoints(execution)) {
    const held = await holdingFor(id, store, group, point);
    compares.push(...held.compares);
    operations.push(...held.operations);
  }
  return { compares, operations, result: undefined };
}

function holdingFor(
  executionId: string,
  store: Store,
  group: string,
  point: string,
): Promise<Attempt<void>> {
  return holding(store, group, point, (holders, holds) => {
    const executions = [...holders.filter((id) => id !== executionId), executionId];
    return [put(keys.holds(group, point), { ...holds, executions })];
  });
}

/** The first execution that uses the point, or will when it is tried again; null: there is none. */
export async function holderOf(
  store: Store,
  group: string,
  point: string,
): Promise<Execution | null> {
  const holds = await store.get(keys.holds(group, point));
  const [first] = await holdersOf(store, group, point, holds?.value.executions ?? []);
  return first ?? null;
}

export async function isHeld(store: Store, group: string, point: string): Promise<boolean> {
  return (await holderOf(store, group, point)) !== null;
}

/** True while an execution that has not ended uses the point: nothing is tried again in a group that goes. */
export async function isInUse(store: Store, group: string, point: string): Promise<boolean> {
  const holds = await store.get(keys.holds(group, point));
  const ids = holds?.value.executions ?? [];
  return (await holdersOf(store, group, point, ids)).some(({ state }) => state !== 'ended');
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
  const change: Change = (executions) => {
    const next = hold === null ? { executions } : { executions, operator: hold };
    const isEmpty = hold === null && executions.length === 0;
    return [isEmpty ? remove(key) : put(key, next), audit];
  };
  await atomically(store, () => holding(store, group, point, change));
}

type Change = (holders: readonly string[], holds: Holds | undefined) => readonly Operation[];

/** In one transaction with the state of the point, which must not be expiring; `holders` are those that still hold it. */
async function holding(
  store: Store,
  group: string,
  point: string,
  change: Change,
): Promise<Attempt<void>> {
  const [pointKey, holdsKey] = [keys.point(group, point), keys.holds(group, point)];
  const head = await store.get(pointKey);
  if (head === null) throw notFound('point', `${group}/${point}`);
  if (head.value.state === 'expiring') throw expiring(group, point);
  const holds = await store.get(holdsKey);
  const holders = await holdersOf(store, group, point, holds?.value.executions ?? []);
  return {
    compares: [unchanged(pointKey, head), unchanged(holdsKey, holds)],
    operations: change(
      holders.map(({ id }) => id),
      holds?.value,
    ),
    result: undefined,
  };
}

/** Of those that held it; one that holds it no more never does again. */
async function holdersOf(
  store: Store,
  group: string,
  point: string,
  executions: readonly string[],
): Promise<readonly Execution[]> {
  const head = executions.length === 0 ? null : await store.get(keys.head(group));
  const failover = head?.value.failedOver?.executionId;
  const found: Execution[] = [];
  for (const id of executions) {
    const execution = (await store.get(keys.execution(id)))?.value;
    if (execution === undefined) continue;
    const goesOnFromIt =
      (execution.mode === 'drill' || failover === id) && usesIt(execution, point);
    if (execution.state !== 'ended' || goesOnFromIt) found.push(execution);
  }
  return found;
}

/** Ended as it is: tried again, it restores, compares, or cleans up, what it took from the point, or chooses. */
function usesIt(execution: Execution, point: string): boolean {
  // Of a drill only cleaning up is done again.
  const named = execution.mode === 'drill' ? [] : namedPoints(execution);
  const isBound =
    (execution.point === undefined ? named : [execution.point]).includes(point) ||
    execution.steps.some(({ params }) => params['point'] === point && 'resource' in params);
  return isBound && toRunAgain(execution).size > 0;
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
