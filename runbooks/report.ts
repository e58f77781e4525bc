import type { ContentCheck, Restored } from '../replicator/mover.ts';
import type { Execution, StepRecord } from './execution/types.ts';
import type { AcceptedUnfenced } from './steps/accept-unfenced.ts';
import type { FenceEvidence } from './steps/fence-primary.ts';
import { isHeld } from './steps/unfenced.ts';

/** One objective and what was reached; `met` is null where nothing was reached. */
interface Objective {
  readonly objectiveSeconds: number;
  readonly reachedSeconds: number | null;
  readonly met: boolean | null;
}

interface ReportedStep {
  readonly id: string;
  readonly title: string;
  readonly state: StepRecord['state'];
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** From the first start; null while it has not ended, or never started. */
  readonly seconds: number | null;
  readonly bytes: number | null;
  readonly notes: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface ReportedResource {
  readonly resource: string;
  /** Id and name in the secondary; null before it was restored. */
  readonly restoredId: string | null;
  readonly restoredName: string | null;
  readonly bytes: number;
  readonly state: 'verified' | 'unchecked' | 'failed' | 'not-done';
  readonly detail: string;
}

/** Whether the old primary was kept from being written, and else who let the restoring begin. */
interface Fencing {
  /** Null: there was nothing to fence, or it is not known yet. */
  readonly fenced: boolean | null;
  readonly notFenced: number;
  readonly accepted: (AcceptedUnfenced & { readonly by: 'order' | 'approval' }) | null;
}

/** Everything an auditor asks of an execution; plain JSON, from the journal alone. */
export type ExecutionReport = {
  readonly execution: string;
  readonly runbook: string;
  readonly runbookVersion: number | null;
  readonly group: string;
  readonly mode: Execution['mode'];
  readonly dryRun: boolean;
  readonly params: Execution['params'];
  readonly state: Execution['state'];
  readonly result: Execution['result'] | null;
  readonly generation: number;
  readonly declaredAt: string;
  readonly endedAt: string | null;
  readonly point: string | null;
  readonly rpo: Objective;
  readonly rto: Objective;
  /** Of the verified resources. */
  readonly verifiedBytes: number;
  readonly resources: readonly ReportedResource[];
  readonly unchecked: readonly { readonly resource: string; readonly reason: string }[];
  readonly failures: readonly {
    readonly step: string;
    readonly code: string;
    readonly message: string;
  }[];
  readonly fence: readonly FenceEvidence[];
  readonly fencing: Fencing;
  readonly steps: readonly ReportedStep[];
};

export { renderReport } from './report-text.ts';

/** Of an execution in any state: what is not known yet is null. */
export function reportOf(execution: Execution): ExecutionReport {
  const resources = resourcesOf(execution);
  return {
    execution: execution.id,
    runbook: execution.runbook,
    runbookVersion: execution.runbookVersion ?? null,
    group: execution.group,
    mode: execution.mode,
    dryRun: execution.dryRun,
    params: execution.params,
    state: execution.state,
    result: execution.result ?? null,
    generation: execution.generation,
    declaredAt: execution.declaredAt,
    endedAt: execution.endedAt ?? null,
    point: execution.point ?? null,
    rpo: objective(execution.rpoObjectiveSeconds, execution.rpoSeconds),
    rto: objective(execution.rtoObjectiveSeconds, execution.rtoSeconds),
    verifiedBytes: sum(resources.filter((each) => each.state === 'verified')),
    resources,
    unchecked: resources
      .filter((each) => each.state === 'unchecked')
      .map(({ resource, detail }) => ({ resource, reason: detail })),
    failures: execution.steps.flatMap(({ id, state, error }) =>
      state === 'failed' && error !== undefined ? [{ step: id, ...error }] : [],
    ),
    fence: fenceOf(execution),
    fencing: fencingOf(execution),
    steps: execution.steps.map(reported),
  };
}

function objective(objectiveSeconds: number, reached: number | undefined): Objective {
  return {
    objectiveSeconds,
    reachedSeconds: reached ?? null,
    met: reached === undefined ? null : reached <= objectiveSeconds,
  };
}

function resourcesOf({ steps }: Execution): readonly ReportedResource[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return steps
    .filter((step) => step.type === 'check')
    .map((check) => {
      const resource = String(check.params['resource']);
      const restore = byId.get(`restore:${resource}`);
      return resourceOf(resource, check, restore);
    });
}

const verdicts = { done: 'verified', unchecked: 'unchecked', failed: 'failed' } as const;

function resourceOf(
  resource: string,
  check: StepRecord,
  restore: StepRecord | undefined,
): ReportedResource {
  const restored = restore?.output as Restored | undefined;
  const checked = check.output as ContentCheck | undefined;
  const hasFailed = restore?.state === 'failed' || check.state === 'failed';
  const verdict = (verdicts as Partial<Record<StepRecord['state'], ReportedResource['state']>>)[
    check.state
  ];
  return {
    resource,
    restoredId: restored?.id ?? null,
    restoredName: restored?.name ?? null,
    bytes: checked?.bytes ?? restored?.bytes ?? Number(restore?.params['bytes'] ?? 0),
    state: hasFailed ? 'failed' : (verdict ?? 'not-done'),
    detail: checked?.detail ?? check.error?.message ?? restore?.error?.message ?? '',
  };
}

interface FenceOutput {
  readonly evidence: readonly FenceEvidence[];
  readonly accepted?: AcceptedUnfenced;
}

function fenceOutput({ steps }: Execution): FenceOutput | undefined {
  return steps.find((step) => step.type === 'fence-primary')?.output as FenceOutput | undefined;
}

function fenceOf(execution: Execution): readonly FenceEvidence[] {
  return fenceOutput(execution)?.evidence ?? [];
}

function fencingOf(execution: Execution): Fencing {
  const found = fenceOutput(execution);
  const notFenced = (found?.evidence ?? []).filter((each) => !isHeld(each)).length;
  const approved = execution.steps.find((step) => step.type === 'accept-unfenced')?.output as
    AcceptedUnfenced | undefined;
  const accepted =
    approved !== undefined
      ? { ...approved, by: 'approval' as const }
      : found?.accepted !== undefined
        ? { ...found.accepted, by: 'order' as const }
        : null;
  return { fenced: found === undefined ? null : notFenced === 0, notFenced, accepted };
}

function reported(step: StepRecord): ReportedStep {
  const { startedAt, endedAt, params } = step;
  const isTimed = startedAt !== undefined && endedAt !== undefined;
  return {
    id: step.id,
    title: step.title,
    state: step.state,
    attempts: step.attempts,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
    seconds: isTimed ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : null,
    bytes: typeof params['bytes'] === 'number' ? params['bytes'] : null,
    notes: step.notes,
    error: step.error ?? null,
  };
}

function sum(resources: readonly ReportedResource[]): number {
  return resources.reduce((bytes, each) => bytes + each.bytes, 0);
}
