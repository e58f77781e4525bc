import { FarshoreError } from '../../kernel/errors.ts';
import { hasWhole } from '../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { GroupView } from '../control.ts';
import { illegal } from './moves.ts';
import type { Raised } from '../steps/raise-generation.ts';
import type { Admission, Execution, StandingOrder, Unfinished } from './types.ts';

/**
 * One failover of a group at a time, and one drill; no drill while a failover is under way. A
 * failover is never kept waiting by a drill: the drill is told to cancel, in the transaction that
 * commits the failover, and cleans up beside it. Throws `execution.conflict`.
 */
export function admission(
  execution: Pick<Execution, 'id' | 'mode' | 'group'>,
  at: string,
  regions: readonly string[],
): Admission {
  const { id, mode } = execution;
  const admit = (unfinished: readonly Unfinished[]) => {
    const others = unfinished.filter((each) => each.id !== id);
    const other = others.find((each) => mode === 'drill' || each.mode === 'failover');
    if (other !== undefined) throw conflict(execution, other);
    return others.map((drill) => ({ execution: drill.id, order: yielding(id, at) }));
  };
  return { regions, admit };
}

/** What a drill is told when a failover of its group begins. */
function yielding(failover: string, at: string): StandingOrder {
  const reason = `failover ${failover} of the group was ordered`;
  return { id: failover, instruction: { type: 'cancelled', reason }, at };
}

/** Near the data: where the group is restored, then where it was. */
export function regionsOf(execution: Execution, view: GroupView): readonly string[] {
  const raised = execution.steps.find((step) => step.type === 'raise-generation')?.output as
    Raised | undefined;
  const region = raised?.primary ?? view.restoreRegion;
  return [region, ...[view.secondary, view.primary].filter((each) => each !== region)];
}

/**
 * Nothing was restored yet, and something of what was to be is whole no more, or its point is gone: gone on
 * with, the failover would fail at that however often it is tried again.
 */
export function mustChooseAnew(
  { mode, steps, point }: Execution,
  points: readonly RecoveryPoint[],
): boolean {
  const restores = steps.filter(({ type }) => type === 'restore');
  if (mode === 'drill' || restores.some(({ attempts }) => attempts > 0)) return false;
  return !restores.every(({ params }) => {
    const from = points.find(({ id }) => id === (params['point'] ?? point));
    return from !== undefined && hasWhole(from, String(params['resource']));
  });
}

function conflict(
  { mode, group }: Pick<Execution, 'mode' | 'group'>,
  other: Unfinished,
): FarshoreError {
  return new FarshoreError(`${other.mode} ${other.id} of the group is under way`, {
    code: 'execution.conflict',
    kind: 'permanent',
    operation: `start ${mode}`,
    subject: group,
    hint: `watch it (farshore execution watch ${other.id}) or cancel it first`,
  });
}

/**
 * Throws `execution.illegal-move` for one that has not ended, or has nothing to run again, and
 * `execution.superseded` where the group has had another primary since: an old failover, gone on
 * with, would change what is no longer its own.
 */
export function assertRetriable(execution: Execution, view: GroupView): void {
  if (execution.dryRun) throw illegal('a dry run has nothing to run again', execution.id);
  const hasRaised = execution.steps.some(
    (step) => step.type === 'raise-generation' && step.state === 'done',
  );
  // A group that was made anew under the name counts its generations from 1 again.
  const isItsOwn = (view.failedOverBy ?? execution.id) === execution.id;
  if (!hasRaised || (isItsOwn && view.generation === execution.generation)) return;
  throw new FarshoreError(
    `the group is at generation ${view.generation}, the execution at ${execution.generation}`,
    {
      code: 'execution.superseded',
      kind: 'permanent',
      operation: 'retry execution',
      subject: execution.id,
      hint: 'start a new failover',
    },
  );
}
