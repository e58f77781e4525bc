import { FarshoreError } from '../../kernel/errors.ts';
import {
  moverOf,
  resourceKey,
  type ContentCheck,
  type Copy,
  type Memo,
  type Movers,
  type Restored,
  type RestoreOrder,
  type TargetContext,
} from '../../replicator/mover.ts';
import type { PointManifest } from '../../replicator/point/types.ts';
import type { Execution, StepRecord } from '../execution/types.ts';
import type { StepContext } from './step.ts';

/** One copy with the mover of its kind. */
export interface BoundCopy {
  readonly copy: Copy;
  restore(order: RestoreOrder, at: TargetContext): Promise<Restored>;
  check(restored: Restored, order: RestoreOrder, at: TargetContext): Promise<ContentCheck>;
  discard(order: RestoreOrder, at: TargetContext): Promise<void>;
}

export function bound(movers: Movers, copy: Copy): BoundCopy {
  const mover = moverOf(movers, copy.kind);
  return {
    copy,
    restore: (order, at) => mover.restore(copy, order, at),
    check: (restored, order, at) => mover.check(copy, restored, order, at),
    discard: (order, at) => mover.discard(copy, order, at),
  };
}

/** The manifest of the execution's point; null before one was chosen. */
export async function manifestOf(context: StepContext): Promise<PointManifest | null> {
  return manifestOfPoint(context, context.execution.point);
}

/** The point that a per-resource step takes its copy from: the execution's, unless its order says otherwise. */
export function pointOf({ execution, step }: StepContext): string | undefined {
  const { point } = step.params;
  return typeof point === 'string' ? point : execution.point;
}

async function manifestOfPoint(
  context: StepContext,
  point: string | undefined,
): Promise<PointManifest | null> {
  return point === undefined ? null : context.manifest(point);
}

/** The copy that a per-resource step is about. */
export async function copyOf(context: StepContext): Promise<Copy> {
  const key = context.step.params['resource'];
  const manifest = await manifestOfPoint(context, pointOf(context));
  const copy = manifest?.copies.find((each) => resourceKey(each.resource) === key);
  if (copy !== undefined) return copy;
  throw new FarshoreError('the point has no copy of the resource', {
    code: 'point.copy-missing',
    kind: 'permanent',
    operation: 'read recovery point',
    subject: `${pointOf(context) ?? 'no point'}/${String(key)}`,
  });
}

/** The mark that all which a drill makes begins with. */
export function scratchOf(execution: Execution): string {
  return `farshore-drill-${execution.id}`;
}

/**
 * What a mover is told in a step about one resource. Of what it remembers it reads the memories of
 * the steps before too, newest first: the check must find what the restore made, and cleaning up what
 * either left.
 */
export function orderFor({ execution, step, memo }: StepContext, key: string): RestoreOrder {
  const earlier = [`check:${key}`, `restore:${key}`].map((id) => stepOf(execution, id)?.memo ?? {});
  const isOwn = step.params['resource'] === key;
  // A step about many resources keeps what it remembers of each apart.
  const own = (name: string): string => (isOwn ? name : `${key} ${name}`);
  const layered: Memo = {
    get: (name) => memo.get(own(name)) ?? earlier.find((each) => each[name] !== undefined)?.[name],
    set: (name, value) => memo.set(own(name), value),
  };
  return {
    executionId: execution.id,
    mode: execution.mode,
    scratch: scratchOf(execution),
    memo: layered,
    restored: (resource) =>
      stepOf(execution, `restore:${resource}`)?.output as Restored | undefined,
  };
}

export function stepOf(execution: Execution, id: string): StepRecord | undefined {
  return execution.steps.find((step) => step.id === id);
}
