import type { Execution, ExecutionMode, ExecutionResult, StepRecord } from './types.ts';

/** An execution in short: what is shown of it, and alerted, without reading it. */
export interface ExecutionSummary {
  readonly id: string;
  readonly mode: ExecutionMode;
  /** `waiting`: somebody has to approve a step, whatever else is still carried out; ended: its result. */
  readonly state: 'running' | 'waiting' | ExecutionResult;
  /** RFC 3339, as the order was accepted. */
  readonly declaredAt: string;
  /** RFC 3339: when it came into this state. */
  readonly since: string;
  /** The steps that somebody has to approve, with what their gates say. */
  readonly gates: readonly {
    readonly step: string;
    readonly gate: string;
    readonly needsReason: boolean;
  }[];
  /** The first step that failed. */
  readonly failed: { readonly title: string; readonly message: string } | null;
}

export function summaryOf(execution: Execution): ExecutionSummary {
  const { id, mode, declaredAt, endedAt, steps } = execution;
  const atGate = steps.filter(({ state }) => state === 'waiting');
  const failed = steps.find(({ state }) => state === 'failed');
  return {
    id,
    mode,
    state: stateOf(execution, atGate),
    declaredAt,
    since: endedAt ?? earliest(atGate) ?? latest([declaredAt, ...resumptions(execution)]),
    gates: atGate.map(({ id: step, gate = '', approvalNeedsReason: needsReason = false }) => ({
      step,
      gate,
      needsReason,
    })),
    failed: failed === undefined ? null : { title: failed.title, message: messageOf(failed) },
  };
}

function stateOf(
  { state, result }: Execution,
  atGate: readonly StepRecord[],
): ExecutionSummary['state'] {
  if (state === 'ended') return result ?? 'failed';
  return atGate.length > 0 ? 'waiting' : 'running';
}

/** When it went on after it had stood still. */
function resumptions({ retriedAt, steps }: Execution): readonly string[] {
  return [retriedAt, ...steps.map(({ approvedAt }) => approvedAt)].filter(
    (time) => time !== undefined,
  );
}

function latest(times: readonly string[]): string {
  return times.reduce((last, time) => (time > last ? time : last));
}

function earliest(atGate: readonly StepRecord[]): string | undefined {
  return atGate.flatMap(({ heldAt }) => heldAt ?? []).toSorted()[0];
}

function messageOf({ error }: StepRecord): string {
  return error?.message ?? 'no reason is known';
}
