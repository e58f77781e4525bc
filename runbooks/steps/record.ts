import { resourceKey } from '../../replicator/mover.ts';
import type { Execution, StepRecord } from '../execution/types.ts';
import type { Step } from './step.ts';

/**
 * What was reached, by the journal's times. RTO counts from the declaration to the last verified
 * step, and is reached only when no resource failed; what stayed unchecked is not in it.
 */
export const record: Step = {
  type: 'record',
  async run({ control, execution, note }) {
    const steps = execution.steps.filter((step) => ['restore', 'check'].includes(step.type));
    const checks = steps.filter((step) => step.type === 'check');
    const lacks = execution.lacks ?? 0;
    const hasFailed = lacks > 0 || steps.some((step) => ['failed', 'skipped'].includes(step.state));
    const rtoSeconds = hasFailed ? null : lastVerified(execution, checks);
    const missing = await notInPoint(execution, checks, control.resources(execution.group));
    for (const text of told(execution, rtoSeconds, missing)) note(text);
    const isEmpty = execution.point !== undefined && checks.length === 0;
    if (isEmpty) note('the point holds no resources: nothing was verified');
    return {
      state: isEmpty ? 'unchecked' : 'done',
      output: {
        rpoSeconds: execution.rpoSeconds ?? null,
        rtoSeconds,
        verified: checks.filter((step) => step.state === 'done').length,
        unchecked: checks.filter((step) => step.state === 'unchecked').length,
        notRecovered:
          lacks + checks.filter((step) => ['failed', 'skipped'].includes(step.state)).length,
        notInPoint: missing,
      },
      facts: { rtoSeconds },
    };
  },
};

function lastVerified(execution: Execution, checks: readonly StepRecord[]): number | null {
  const ends = checks.filter((step) => step.state === 'done').map((step) => step.endedAt);
  const last = ends.reduce<number>((max, at) => Math.max(max, Date.parse(at ?? '')), 0);
  return last === 0 ? null : (last - Date.parse(execution.declaredAt)) / 1000;
}

/** Members that came to the group after the point was cut: the loss that RPO speaks of, by name. */
async function notInPoint(
  { point }: Execution,
  checks: readonly StepRecord[],
  members: ReturnType<Parameters<Step['run']>[0]['control']['resources']>,
): Promise<readonly string[]> {
  const held = new Set(checks.map((step) => step.params['resource']));
  const keys = (await members).map(resourceKey);
  return point === undefined ? [] : keys.filter((key) => !held.has(key));
}

function told(
  { rpoSeconds, rpoObjectiveSeconds, rtoObjectiveSeconds, ...execution }: Execution,
  rtoSeconds: number | null,
  missing: readonly string[],
): readonly string[] {
  const lines: string[] = [];
  if (rpoSeconds !== undefined && rpoSeconds > rpoObjectiveSeconds)
    lines.push(`RPO ${rpoSeconds} s missed its objective of ${rpoObjectiveSeconds} s`);
  if (rtoSeconds !== null && rtoSeconds > rtoObjectiveSeconds)
    lines.push(`RTO ${rtoSeconds} s missed its objective of ${rtoObjectiveSeconds} s`);
  if (rtoSeconds === null) lines.push('RTO was not reached: not every resource is verified');
  if (missing.length > 0)
    lines.push(`in the group, but not in point ${execution.point ?? ''}: ${missing.join(', ')}`);
  return lines;
}
