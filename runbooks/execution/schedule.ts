import type { Effect } from './events.ts';
import { isSettled, moved } from './moves.ts';
import { StepTable } from './step-table.ts';
import type { Execution, ExecutionResult, StepRecord } from './types.ts';

/** Steps of one type at once, where the order says nothing: what a small secondary bears. */
export const defaultParallel = 4;

export interface Transition {
  readonly execution: Execution;
  readonly effects: readonly Effect[];
}

/**
 * What follows from the state by itself: starts every step whose needs are met and for which there
 * is a place, holds it at its gate, skips what can no longer run, and ends the execution when
 * nothing is left. Skipping one step can free or doom another, so it goes round until nothing moves.
 */
export function advance(before: Execution, at: string): Transition {
  const effects: Effect[] = [];
  const table = new StepTable(before.steps);
  for (let moving = true; moving;) {
    moving = false;
    for (const step of table.steps) {
      const move = moveOf(step, before, table);
      if (move === null) continue;
      table.set(taken(step, move, at));
      effects.push(...effectsOf(step, move));
      moving = true;
    }
  }
  const execution = { ...before, steps: table.steps, state: stateOf(table.steps) };
  if (execution.state !== 'ended') return { execution, effects };
  const ended = { ...execution, endedAt: at, result: resultOf(execution) };
  return { execution: ended, effects: [...effects, { type: 'ended' }] };
}

function moveOf(
  step: StepRecord,
  execution: Execution,
  table: StepTable,
): 'start' | 'hold' | 'skip' | null {
  if (step.state !== 'pending' && step.state !== 'waiting') return null;
  const needs = table.needsOf(step);
  if (!step.always && (execution.cancelRequested || needs.some(isBroken))) return 'skip';
  if (!needs.every(isSettled)) return null;
  if (isGated(step, execution)) return step.state === 'waiting' ? null : 'hold';
  return table.running(step.type) < parallelOf(execution) ? 'start' : null;
}

function taken(step: StepRecord, move: 'start' | 'hold' | 'skip', at: string): StepRecord {
  switch (move) {
    case 'start':
      return started(step, move, at);
    case 'hold':
      return { ...step, state: moved(step, move), heldAt: at };
    case 'skip':
      return { ...step, state: moved(step, move), endedAt: at };
  }
}

function effectsOf(step: StepRecord, move: 'start' | 'hold' | 'skip'): readonly Effect[] {
  if (move === 'hold') return [];
  return move === 'start'
    ? [{ type: 'run', step: step.id, failures: 0 }]
    : [{ type: 'settled', step: step.id }];
}

/** A step on its way into an attempt. Its first start is kept: a duration includes what a crash cost. */
export function started(step: StepRecord, move: 'start' | 'again', at: string): StepRecord {
  return {
    ...step,
    state: moved(step, move),
    attempts: step.attempts + 1,
    startedAt: step.startedAt ?? at,
  };
}

function isBroken(step: StepRecord): boolean {
  return step.state === 'failed' || step.state === 'skipped';
}

/** A cancelled execution waits for nobody: what still runs in it is cleaning up. */
function isGated(step: StepRecord, execution: Execution): boolean {
  return step.gate !== undefined && step.approvedAt === undefined && !execution.cancelRequested;
}

function parallelOf({ params }: Execution): number {
  return typeof params['parallel'] === 'number' ? params['parallel'] : defaultParallel;
}

function stateOf(steps: readonly StepRecord[]): Execution['state'] {
  if (steps.every(isSettled)) return 'ended';
  // A step that is neither running nor at a gate waits for one that is.
  return steps.some((step) => step.state === 'running') ? 'running' : 'waiting';
}

/**
 * A fault outweighs a cancellation: a drill that was cancelled and could not clean up has failed.
 * `succeeded` is left only when nothing failed, nothing was left out, nothing is lacking
 * and nothing is unchecked.
 */
function resultOf({ steps, cancelRequested, lacks = 0 }: Execution): ExecutionResult {
  const states = new Set(steps.map((step) => step.state));
  const faults = steps.filter(
    (step) => step.state === 'failed' && step.error?.code !== cancelledCode,
  );
  if (faults.length > 0) return 'failed';
  if (states.has('failed') || states.has('skipped'))
    return cancelRequested ? 'cancelled' : 'failed';
  if (lacks > 0) return 'partial';
  return states.has('unchecked') ? 'unchecked' : 'succeeded';
}

/** The error of a step that was aborted by a cancellation. */
export const cancelledCode = 'execution.cancelled';
