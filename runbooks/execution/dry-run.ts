import { isoTime } from '../../kernel/clock.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { noProgress } from '../../kernel/progress.ts';
import {
  type Copy,
  moverOf,
  type Movers,
  resourceKey,
  type RestorePlan,
  type TargetContext,
} from '../../replicator/mover.ts';
import { isWhole, restorableKeys } from '../../replicator/point/members.ts';
import { ageSeconds } from '../../replicator/point/reached.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Plan } from '../plan.ts';
import { scratchOf } from '../steps/copies.ts';
import { withDeadline } from './deadline.ts';
import type { RunnerParts } from './parts.ts';
import { withSteps } from './state.ts';
import type { Execution, StepRecord } from './types.ts';

/** Somebody waits for it. */
const dryRunMs = 20_000;

/**
 * What would be done, ended at once: every step `skipped`, but for restores that something in the secondary
 * stands in the way of: those are `failed`, with what they would end with. Reads one manifest and the
 * secondary, changes nothing.
 */
export async function dryRun(
  execution: Execution,
  plan: Plan,
  point: RecoveryPoint,
  { control, ambient }: RunnerParts,
): Promise<Execution> {
  const { id, group, mode } = execution;
  const there = new Set(restorableKeys(point));
  const never = new AbortController().signal;
  const late = () => secondaryLate(group);
  const { manifest, obstacles } = await withDeadline(
    ambient.clock,
    dryRunMs,
    never,
    late,
    async (signal) => {
      const { copies, ...rest } = await control.manifest(group, point.id, signal);
      const used = copies.filter(({ resource }) => there.has(resourceKey(resource)));
      const restored = { executionId: id, mode, scratch: scratchOf(execution) };
      const at = await control.target(group, noProgress, signal);
      return {
        manifest: { ...rest, copies: used },
        obstacles: await obstaclesOf(control.movers, used, restored, at),
      };
    },
  );
  const { steps } = withSteps(execution, plan.expand(execution.params, manifest));
  const endedAt = isoTime(ambient.clock.now());
  const planned = steps.map((step): StepRecord => {
    const error = obstacles.get(step.id);
    if (error === undefined) return { ...step, state: 'skipped', endedAt };
    const { code } = error;
    return { ...step, state: 'failed', endedAt, error: { code, message: describeError(error) } };
  });
  const rpoSeconds = ageSeconds([point.dataTime], Date.parse(execution.declaredAt));
  const lacks = point.members.filter((member) => !isWhole(member)).length;
  return {
    ...execution,
    steps: planned,
    point: point.id,
    ...(rpoSeconds === null ? {} : { rpoSeconds }),
    ...(lacks > 0 ? { lacks } : {}),
    state: 'ended',
    result: obstacles.size > 0 ? 'failed' : lacks > 0 ? 'partial' : 'succeeded',
    endedAt,
  };
}

/** By the step that they would end; of several that one resource meets, the first. */
async function obstaclesOf(
  movers: Movers,
  copies: readonly Copy[],
  order: RestorePlan,
  at: TargetContext,
): Promise<ReadonlyMap<string, FarshoreError>> {
  const found = new Map<string, FarshoreError>();
  for (const [kind, ofKind] of Map.groupBy(copies, (copy) => copy.kind))
    for (const { resource, error } of await moverOf(movers, kind).obstacles(ofKind, order, at))
      if (!found.has(`restore:${resource}`)) found.set(`restore:${resource}`, error);
  return found;
}

function secondaryLate(group: string): FarshoreError {
  return new FarshoreError(`the secondary did not tell within ${dryRunMs / 1000} s what is there`, {
    code: 'execution.dry-run-late',
    kind: 'permanent',
    operation: 'plan execution',
    subject: group,
    hint: 'farshore status shows which of its services answer',
  });
}
