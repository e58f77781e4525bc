import { isoTime } from '../../kernel/clock.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { noProgress } from '../../kernel/progress.ts';
import {
  type Copy,
  moverOf,
  type Movers,
  type RestorePlan,
  type TargetContext,
} from '../../replicator/mover.ts';
import { isManifestDamage } from '../../replicator/point/read-manifest.ts';
import { withoutManifest } from '../../replicator/point/lost-manifest.ts';
import { withChecks } from '../../replicator/point/members.ts';
import type { PointManifest, RecoveryPoint } from '../../replicator/point/types.ts';
import type { Control } from '../control.ts';
import type { Plan } from '../plan.ts';
import { bestPoint, type PointLooks } from '../steps/best-point.ts';
import { scratchOf } from '../steps/copies.ts';
import { olderCopies, type OlderCopies } from '../steps/older-copies.ts';
import { lacksOf, rpoOf, usedCopies } from '../steps/used-copies.ts';
import { withDeadline } from './deadline.ts';
import type { RunnerParts } from './parts.ts';
import { withSteps } from './state.ts';
import type { Execution, StepRecord } from './types.ts';

/** Somebody waits for it. */
const dryRunMs = 20_000;

/**
 * What would be done, ended at once: every step `skipped`, but for restores that something in the secondary
 * stands in the way of: those are `failed`, with what they would end with. The point is chosen as the execution
 * would choose it, by what is recorded of them all. Reads manifests and the secondary, changes nothing.
 */
export async function dryRun(
  execution: Execution,
  plan: Plan,
  points: readonly RecoveryPoint[],
  { control, ambient }: RunnerParts,
): Promise<Execution> {
  const { id, group, mode, params, rpoObjectiveSeconds } = execution;
  const order = params['older'] as OlderCopies | undefined;
  const wanted = params['point'] as string | undefined;
  const wish = { group, rpoObjectiveSeconds, wanted, apart: order?.resources ?? [] };
  const never = new AbortController().signal;
  const late = () => secondaryLate(group);
  const { chosen, manifest, used, obstacles } = await withDeadline(
    ambient.clock,
    dryRunMs,
    never,
    late,
    async (signal) => {
      const at = await control.target(group, noProgress, signal);
      const looks = recorded(control, at);
      const chosen = await bestPoint(points, wish, looks, signal);
      const whole = await looks.manifest(chosen.id);
      const older = await olderCopies(order, points, looks);
      const used = usedCopies(whole, chosen, older.copies);
      const copies = used.map(({ copy }) => copy);
      const restored = { executionId: id, mode, scratch: scratchOf(execution) };
      const obstacles = await obstaclesOf(control.movers, copies, restored, at);
      return { chosen, manifest: { ...whole, copies }, used, obstacles };
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
  const rpoSeconds = rpoOf(execution.declaredAt, used, points);
  const lacks = lacksOf(chosen, used).length;
  return {
    ...execution,
    steps: planned,
    point: chosen.id,
    ...(rpoSeconds === null ? {} : { rpoSeconds }),
    ...(lacks > 0 ? { lacks } : {}),
    state: 'ended',
    result: obstacles.size > 0 ? 'failed' : lacks > 0 ? 'partial' : 'succeeded',
    endedAt,
  };
}

/** Nothing is read of a point but its manifest, once; without it nothing of the point can be restored. */
function recorded(control: Pick<Control, 'manifest'>, at: TargetContext): PointLooks {
  const read = new Map<string, Promise<PointManifest>>();
  const manifest = async (point: string): Promise<PointManifest> => {
    const reading = read.get(point) ?? control.manifest(at.group, point, at.signal);
    read.set(point, reading);
    return await reading;
  };
  const check = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
    try {
      await manifest(point.id);
      return point;
    } catch (error) {
      if (!isManifestDamage(error)) throw error;
      const checks = withoutManifest(point, error, at.bank);
      return withChecks(point, checks, 'listing', point.checked.at);
    }
  };
  return { check, manifest };
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
