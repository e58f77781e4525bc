import { FarshoreError } from '../../kernel/errors.ts';
import type { GroupView } from '../control.ts';
import { illegal } from './moves.ts';
import { transition } from './state.ts';
import type { Execution } from './types.ts';

/**
 * One failover of a group at a time, and one drill; no drill while a failover is under way. A
 * failover is never kept waiting by a drill. Throws `execution.conflict`.
 */
export function assertAdmitted(
  { mode, group }: Pick<Execution, 'mode' | 'group'>,
  unfinished: readonly Execution[],
): void {
  const other = unfinished.find((each) => mode === 'drill' || each.mode === 'failover');
  if (other === undefined) return;
  throw new FarshoreError(`${other.mode} ${other.id} of the group is under way`, {
    code: 'execution.conflict',
    kind: 'permanent',
    operation: `start ${mode}`,
    subject: group,
    hint: `watch it (farshore execution watch ${other.id}) or cancel it first`,
  });
}

/**
 * Throws `execution.illegal-move` for one that has not ended, `execution.conflict`, and
 * `execution.superseded` where the group has had another primary since: an old failover, gone on
 * with, would change what is no longer its own.
 */
export function assertRetriable(
  execution: Execution,
  view: GroupView,
  unfinished: readonly Execution[],
): void {
  if (execution.dryRun) throw illegal('a dry run has nothing to run again', execution.id);
  // Refuses what has not ended, and what has nothing to run again; `at` is of no account.
  transition(execution, { type: 'retried', at: execution.declaredAt });
  assertAdmitted(
    execution,
    unfinished.filter((each) => each.id !== execution.id),
  );
  const hasRaised = execution.steps.some(
    (step) => step.type === 'raise-generation' && step.state === 'done',
  );
  if (!hasRaised || view.generation === execution.generation) return;
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
