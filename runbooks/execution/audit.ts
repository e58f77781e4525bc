import type { AuditNote, Execution, StepRecord } from './types.ts';

/** Restoring without a whole fence can leave two sites that both take writes: who let it, and why, is kept. */
const action = 'failover-unfenced';

/** Of an order that says it beforehand. */
export function auditOfOrder(execution: Execution): readonly AuditNote[] {
  const unfenced = execution.params['unfenced'] as { readonly reason: string } | undefined;
  if (execution.dryRun || unfenced === undefined) return [];
  return [note(execution, execution.declaredAt, unfenced.reason, { by: 'order' })];
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
