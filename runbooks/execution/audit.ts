import type { OlderCopies } from '../steps/older-copies.ts';
import type { AuditNote, Execution, StepRecord } from './types.ts';

/** Restoring without a whole fence can leave two sites that both take writes: who let it, and why, is kept. */
const action = 'failover-unfenced';

/** Of an order that says it beforehand. */
export function auditOfOrder(execution: Execution): readonly AuditNote[] {
  if (execution.dryRun) return [];
  const { unfenced, older } = execution.params as {
    readonly unfenced?: { readonly reason: string };
    readonly older?: OlderCopies;
  };
  const at = execution.declaredAt;
  return [
    ...(unfenced === undefined ? [] : [note(execution, at, unfenced.reason, { by: 'order' })]),
    ...(older === undefined ? [] : [mixed(execution, at, older)]),
  ];
}

/** Of the steps that were approved between two states. */
export function auditOfApprovals(before: Execution, after: Execution): readonly AuditNote[] {
  const approved = new Set(before.steps.filter(isApproved).map(({ id }) => id));
  return after.steps
    .filter((step) => step.type === 'accept-unfenced' && isApproved(step) && !approved.has(step.id))
    .map((step) =>
      note(after, step.approvedAt ?? '', step.approvalReason ?? '', {
        by: 'approval',
        gate: step.gate ?? '',
      }),
    );
}

/** Resources of different times do not fit each other: who wanted that, and why, is kept. */
function mixed({ id, group }: Execution, at: string, older: OlderCopies): AuditNote {
  const { reason, point, resources } = older;
  const details = { execution: id, point, resources };
  return { at, action: 'failover-mixed-points', subject: group, reason, details };
}

function isApproved({ approvedAt }: StepRecord): boolean {
  return approvedAt !== undefined;
}

function note(
  { id, group }: Execution,
  at: string,
  reason: string,
  details: Readonly<Record<string, unknown>>,
): AuditNote {
  return { at, action, subject: group, reason, details: { execution: id, ...details } };
}
