import { FarshoreError } from '../../kernel/errors.ts';
import { isoTime } from '../../kernel/clock.ts';
import { hasRestorable } from '../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { GroupView } from '../control.ts';
import type { Plan, PlanParams } from '../plan.ts';
import { candidates, noProvenPoint } from '../steps/candidates.ts';
import { assertOlder, type OlderCopies } from '../steps/older-copies.ts';
import type { ExecutionOrder } from '../runner.ts';
import { dryRun } from './dry-run.ts';
import type { RunnerParts } from './parts.ts';
import { withSteps } from './state.ts';
import type { Execution } from './types.ts';

/**
 * Everything that can be wrong with an order is found here, before anything is committed: a failover
 * that could restore nothing must not take the primary's place. Throws `runbook.not-found`,
 * `execution.invalid` with every fault, `group.not-found`, `point.not-found`, `point.damaged`,
 * `point.none-proven`.
 */
export async function executionOf(order: ExecutionOrder, parts: RunnerParts): Promise<Execution> {
  const plan = planOf(order.runbook, parts);
  const params = paramsOf(order, plan, parts.limits.parallel);
  const view = await parts.control.group(order.group);
  if (plan.mode === 'failover') await assertNotFailedOver(view, parts);
  const points = await parts.control.points(order.group);
  assertRestorable(points, params['point'], order.group);
  assertOlder(points, params['older'] as OlderCopies | undefined, order.group);
  const execution = blank(order, plan, params, view, parts);
  return order.dryRun ? dryRun(execution, plan, points, parts) : execution;
}

/** Until it can be reprotected a group goes over once. */
async function assertNotFailedOver(
  { name, primary, generation, failedOverBy }: GroupView,
  { journal }: Pick<RunnerParts, 'journal'>,
): Promise<void> {
  if (failedOverBy === undefined) return;
  const execution = await journal.load(failedOverBy);
  throw new FarshoreError(`${primary} is the primary since generation ${generation} already`, {
    code: 'group.failed-over',
    kind: 'permanent',
    operation: 'fail over group',
    subject: name,
    hint: wayOn(failedOverBy, execution, primary),
  });
}

function wayOn(id: string, execution: Execution | null, primary: string): string {
  if (execution === null)
    return `how that went was lost with an earlier state, and a bank holds no executions: look in ${primary} at what is there; what is missing a drill of the group can restore beside it`;
  if (execution.state !== 'ended')
    return `it is under way: farshore execution watch ${id} shows it, and what it waits for`;
  return `farshore execution report ${id} tells how that went; what is missing: farshore execution retry ${id}`;
}

function assertRestorable(points: readonly RecoveryPoint[], wanted: unknown, group: string): void {
  if (typeof wanted !== 'string') {
    if (candidates(points).length > 0) return;
    throw noProvenPoint(group);
  }
  const point = points.find((each) => each.id === wanted);
  if (point !== undefined && hasRestorable(point)) return;
  const isDamaged = point !== undefined;
  throw new FarshoreError(isDamaged ? 'the point is damaged' : 'there is no such point', {
    code: isDamaged ? 'point.damaged' : 'point.not-found',
    kind: 'permanent',
    operation: 'choose recovery point',
    subject: `${group}/${wanted}`,
    hint: 'name a proven one, or none to take the newest proven one',
  });
}

export function planOf(name: string, { plans }: RunnerParts): Plan {
  const plan = plans.get(name);
  if (plan !== undefined) return plan;
  throw new FarshoreError(`there is no runbook ${name}`, {
    code: 'runbook.not-found',
    kind: 'permanent',
    operation: 'start execution',
    hint: `there are: ${[...plans.keys()].join(', ')}`,
  });
}

function paramsOf(order: ExecutionOrder, plan: Plan, parallel: number): PlanParams {
  const parsed = plan.params.safeParse(order.params);
  const faults = (parsed.error?.issues ?? []).map((issue) => {
    const path = ['params', ...issue.path].join('.');
    return `${path}: ${issue.message}`;
  });
  if (order.mode !== plan.mode)
    faults.unshift(`mode: runbook ${plan.name} is for ${plan.mode}, not for ${order.mode}`);
  if (parsed.success && faults.length === 0)
    return { ...parsed.data, parallel: parsed.data['parallel'] ?? parallel };
  throw new FarshoreError(faults.join('; '), {
    code: 'execution.invalid',
    kind: 'permanent',
    operation: 'start execution',
    subject: order.group,
    hint: `parameters of ${plan.name}: ${Object.keys(plan.params.shape).join(', ')}`,
  });
}

function blank(
  order: ExecutionOrder,
  plan: Plan,
  params: PlanParams,
  view: GroupView,
  { ambient }: RunnerParts,
): Execution {
  const declaredAt = isoTime(ambient.clock.now());
  const stamp = declaredAt.replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  const execution: Execution = {
    // All have one length, so that none is the beginning of another: scratch names begin with it.
    id: `${stamp}-${ambient.random.id().slice(0, 8)}`,
    runbook: plan.name,
    runbookVersion: plan.version,
    group: order.group,
    mode: plan.mode,
    dryRun: order.dryRun,
    params,
    state: 'running',
    declaredAt,
    cancelRequested: false,
    generation: view.generation,
    rpoObjectiveSeconds: view.rpoSeconds,
    rtoObjectiveSeconds: view.rtoSeconds,
    steps: [],
    version: 1,
  };
  return withSteps(execution, plan.steps(params));
}
