import { FarshoreError } from '../../kernel/errors.ts';
import type { StepSpec } from '../plan.ts';
import type { Effect, ExecutionEvent, Facts, Outcome } from './events.ts';
import { assertTakes, illegal, moved } from './moves.ts';
import { advance, started, type Transition } from './schedule.ts';
import { StepTable } from './step-table.ts';
import type { Execution, StepRecord } from './types.ts';

/**
 * The deciding core: state and event to state and effects, no IO, no time of its own. The shell saves
 * the new state before it carries out the effects. Throws `execution.illegal-move`. An event that
 * changes nothing gives the same object back, which need not be saved.
 */
export function transition(execution: Execution, event: ExecutionEvent): Transition {
  assertTakes(execution, event);
  const { execution: next, effects } = apply(execution, event);
  return next === execution
    ? { execution, effects }
    : { execution: { ...next, version: execution.version + 1 }, effects };
}

function apply(execution: Execution, event: ExecutionEvent): Transition {
  switch (event.type) {
    case 'taken-up':
      return takenUp(execution, event.at);
    case 'step-ended':
      return stepEnded(execution, event.step, event.outcome, event.at);
    case 'step-remembered': {
      const step = find(execution, event.step);
      if (step.state !== 'running') throw illegal('step is not running', step.id);
      const memo = { ...step.memo, [event.key]: event.value };
      return { execution: replaced(execution, { ...step, memo }), effects: [] };
    }
    case 'approved':
      return approved(execution, event.step, event.reason, event.at);
    case 'cancelled':
      return cancelled(execution, event.reason, event.at);
    case 'retried':
      return retried(event.choosesAnew === true ? withoutChoice(execution) : execution, event.at);
  }
}

/** What was found `running` runs again: each step is idempotent and has its memo. */
function takenUp(execution: Execution, at: string): Transition {
  const running = execution.steps.filter((step) => step.state === 'running');
  const steps = execution.steps.map((step) =>
    step.state === 'running' ? started(step, 'again', at) : step,
  );
  const again = running.map((step): Effect => ({ type: 'run', step: step.id, failures: 0 }));
  return with_(again, advance({ ...execution, steps }, at));
}

function stepEnded(execution: Execution, id: string, outcome: Outcome, at: string): Transition {
  const step = find(execution, id);
  if (outcome.state === 'failed' && outcome.isTransient && mayRetry(step, execution)) {
    const failures = (step.failures ?? 0) + 1;
    const again = { ...started(step, 'again', at), failures, error: outcome.error };
    return {
      execution: replaced(execution, again),
      effects: [{ type: 'run', step: id, failures }],
    };
  }
  const ended: StepRecord = {
    ...without(step, 'error'),
    state: moved(step, outcome.state),
    endedAt: at,
    notes: outcome.notes,
    ...(outcome.output === undefined ? {} : { output: outcome.output }),
    ...(outcome.state === 'failed' ? { error: outcome.error } : {}),
  };
  const facts = outcome.state === 'failed' ? {} : (outcome.facts ?? {});
  const added = outcome.state === 'failed' ? [] : (outcome.added ?? []);
  const known = withSteps(withFacts(replaced(execution, ended), facts), added);
  return with_([{ type: 'settled', step: id }], advance(known, at));
}

/** Approved again, while it has not ended: nothing changes, so that an order whose answer was lost can be given twice. */
function approved(
  execution: Execution,
  id: string,
  reason: string | undefined,
  at: string,
): Transition {
  const step = find(execution, id);
  if (step.approvedAt !== undefined) return { execution, effects: [] };
  if (step.state !== 'waiting') throw illegal(`step is ${step.state}, at no gate`, step.id);
  if (step.approvalNeedsReason === true && reason === undefined)
    throw reasonMissing(execution, step);
  const passed = {
    ...step,
    approvedAt: at,
    ...(reason === undefined ? {} : { approvalReason: reason }),
  };
  return advance(replaced(execution, passed), at);
}

function reasonMissing(execution: Execution, step: StepRecord): FarshoreError {
  return new FarshoreError('this step is approved with a reason only', {
    code: 'approval.invalid',
    kind: 'permanent',
    operation: 'approve step',
    subject: `${execution.id}/${step.id}`,
    hint: `farshore execution approve ${execution.id} ${step.id} --reason "…"`,
  });
}

/** After a cancellation only what cleans up is tried again. */
function mayRetry(step: StepRecord, execution: Execution): boolean {
  if (execution.cancelRequested && !step.always) return false;
  return (step.failures ?? 0) < (step.retries ?? 0);
}

/** A drill drops what it is doing; a failover lets the steps under way end, which leaves less half-made. */
function cancelled(execution: Execution, reason: string, at: string): Transition {
  if (execution.cancelRequested) return { execution, effects: [] };
  const aborts = execution.steps
    .filter((step) => execution.mode === 'drill' && step.state === 'running' && !step.always)
    .map((step): Effect => ({ type: 'abort', step: step.id, reason }));
  return with_(aborts, advance({ ...execution, cancelRequested: true }, at));
}

/** It will go on with the steps that are to run again, once it is taken up, and with the time it was declared at. */
function retried(execution: Execution, at: string): Transition {
  const renewed = toRunAgain(execution);
  if (renewed.size === 0) {
    const hint = execution.mode === 'drill' ? 'start a new drill' : undefined;
    throw illegal('there is no step to run again', execution.id, hint);
  }
  const rest = without(execution, 'endedAt', 'result', 'rtoSeconds');
  const steps = execution.steps.map((step) => (renewed.has(step.id) ? renew(step) : step));
  const again = { cancelRequested: false, state: 'running', retriedAt: at } as const;
  return { execution: { ...rest, ...again, steps }, effects: [] };
}

/** The step that chose counts as one that came to no good end. */
function withoutChoice(execution: Execution): Execution {
  const steps = execution.steps.filter((step) => !isOfResource(step));
  return {
    ...without(execution, 'point', 'rpoSeconds', 'lacks'),
    steps: steps.map((step) =>
      step.type === 'choose-point' ? { ...step, state: 'skipped' as const } : step,
    ),
  };
}

/** Added for a point: restores or compares one resource of it. */
function isOfResource({ params }: StepRecord): boolean {
  return params['resource'] !== undefined;
}

/** Ids of the steps that an order to try again makes run again; empty: there is nothing to try again. */
export function toRunAgain(execution: Execution): ReadonlySet<string> {
  if (execution.dryRun) return new Set();
  return execution.mode === 'drill' ? cleaning(execution) : unfinished(execution);
}

/**
 * Of a drill only cleaning up can be done again, and then all of it: what it had restored is gone, so
 * that the other steps have nothing to go on with.
 */
function cleaning({ steps }: Execution): ReadonlySet<string> {
  const always = steps.filter((step) => step.always);
  const isClean = always.every((step) => step.state === 'done');
  return new Set(isClean ? [] : always.map((step) => step.id));
}

/**
 * The steps that did not come to a good end, and all that need them. Where one found that something of its
 * resource is not there, what made that too.
 */
function unfinished({ steps }: Execution): ReadonlySet<string> {
  const table = new StepTable(steps);
  const isOfSame = (a: StepRecord, b: StepRecord): boolean =>
    isOfResource(a) && a.params['resource'] === b.params['resource'];
  const found = new Set(
    steps
      .filter(isIncomplete)
      .flatMap((step) => table.needsOf(step).filter((need) => isOfSame(need, step)))
      .map(({ id }) => id),
  );
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const step of steps)
      if (step.state !== 'done' || table.needsOf(step).some((need) => found.has(need.id)))
        found.add(step.id);
  }
  return found;
}

/** A step that compares says it in its output (`ContentCheck.isIncomplete`). */
function isIncomplete({ output }: StepRecord): boolean {
  return (
    typeof output === 'object' && output !== null && Reflect.get(output, 'isIncomplete') === true
  );
}

/** The memo stays: what an earlier attempt created must be found again. A gate asks again. */
function renew(step: StepRecord): StepRecord {
  const rest = without(
    step,
    'startedAt',
    'endedAt',
    'error',
    'output',
    'heldAt',
    'approvedAt',
    'approvalReason',
  );
  return { ...rest, state: moved(step, 'renew'), failures: 0, notes: [] };
}

function withFacts(execution: Execution, facts: Facts): Execution {
  const { rtoSeconds, ...others } = facts;
  if (rtoSeconds === undefined) return { ...execution, ...others };
  const rest = { ...without(execution, 'rtoSeconds'), ...others };
  return rtoSeconds === null ? rest : { ...rest, rtoSeconds };
}

/** Adds steps as a plan words them. A plan that contradicts itself is a fault of ours: `runbook.broken`. */
export function withSteps(execution: Execution, specs: readonly StepSpec[]): Execution {
  const ids = new Set(execution.steps.map((step) => step.id));
  for (const spec of specs) {
    if (ids.has(spec.id)) throw broken(`step ${spec.id} is there twice`, execution);
    ids.add(spec.id);
  }
  for (const need of specs.flatMap((spec) => spec.needs))
    if (!need.endsWith(':*') && !ids.has(need))
      throw broken(`step ${need} is needed and not there`, execution);
  const fresh = specs.map((spec): StepRecord => ({
    ...spec,
    state: 'pending',
    attempts: 0,
    memo: {},
    notes: [],
  }));
  return { ...execution, steps: [...execution.steps, ...fresh] };
}

function broken(message: string, execution: Execution): FarshoreError {
  const operation = 'read runbook';
  const subject = execution.runbook;
  return new FarshoreError(message, {
    code: 'runbook.broken',
    kind: 'permanent',
    operation,
    subject,
  });
}

function find(execution: Execution, id: string): StepRecord {
  const step = execution.steps.find((each) => each.id === id);
  if (step !== undefined) return step;
  throw new FarshoreError('there is no such step', {
    code: 'step.not-found',
    kind: 'permanent',
    operation: 'change execution',
    subject: `${execution.id}/${id}`,
  });
}

function replaced(execution: Execution, step: StepRecord): Execution {
  const steps = execution.steps.map((each) => (each.id === step.id ? step : each));
  return { ...execution, steps };
}

function with_(first: readonly Effect[], { execution, effects }: Transition): Transition {
  return { execution, effects: [...first, ...effects] };
}

function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const left = Object.entries(value).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(left) as Omit<T, K>;
}
