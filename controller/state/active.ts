import type { Admission, Execution, Unfinished } from '../../runbooks/execution/types.ts';
import {
  type Compare,
  type Operation,
  put,
  remove,
  type Store,
  unchanged,
} from '../store/store.ts';
import { findGroup, type GroupEntries, restoreRegion } from './groups.ts';
import { keys } from './keys.ts';
import type { ActiveExecutions, LateRecord } from './records.ts';

interface Part {
  readonly compares: readonly Compare[];
  readonly operations: readonly Operation[];
}

/**
 * The part of a transaction that lets an execution in among the unfinished of its group: whoever
 * does the same for another of them at the same time is refused by the compare, and reads again.
 */
export async function letIn(
  store: Store,
  { id, group, mode }: Pick<Execution, 'id' | 'group' | 'mode'>,
  { regions, admit }: Admission,
): Promise<Part> {
  const key = keys.active(group);
  const active = await store.get(key);
  const others = (active?.value.executions ?? []).filter((each) => each.id !== id);
  const orders = admit(others);
  return {
    compares: [unchanged(key, active)],
    operations: [
      put(key, { executions: [...others, { id, group, mode, regions }] }),
      ...orders.map(({ execution, order }) => put(keys.order(execution, order.id), order)),
    ],
  };
}

/**
 * The part that takes an ended one out again. Orders that nobody took by then have nobody left to take
 * them. What it asked of a region may be carried out later still, and is looked for from now on.
 */
export async function letOut(
  store: Store,
  { id, group, endedAt }: Pick<Execution, 'id' | 'group' | 'endedAt'>,
): Promise<Part> {
  const key = keys.active(group);
  const active = await store.get(key);
  const orders = await store.range(keys.order(id));
  const found = await findGroup(store, group);
  const executions = (active?.value.executions ?? []).filter((each) => each.id !== id);
  return {
    compares: [unchanged(key, active)],
    operations: [
      ...(executions.length > 0
        ? [put(key, { executions })]
        : active === null
          ? []
          : [remove(key)]),
      ...orders.map(({ path }) => remove({ path })),
      ...(found === null || endedAt === undefined
        ? []
        : [put(keys.late(id), lateIn(found, endedAt))]),
    ],
  };
}

function lateIn({ record, head }: GroupEntries, endedAt: string): LateRecord {
  const { project } = record.value.spec.target;
  return { region: restoreRegion(head.value), project, endedAt };
}

export function allOf(active: Iterable<ActiveExecutions>): readonly Unfinished[] {
  return [...active].flatMap(({ executions }) => executions);
}
