import { FarshoreError } from '../../kernel/errors.ts';
import type { ExecutionEvent } from './events.ts';
import type { Execution, StepRecord, StepState } from './types.ts';

/** The only changes of a step's state there are; anything else throws. */
const moves = {
  pending: { start: 'running', hold: 'waiting', skip: 'skipped' },
  waiting: { start: 'running', skip: 'skipped' },
  running: { again: 'running', done: 'done', unchecked: 'unchecked', failed: 'failed' },
  done: { renew: 'pending' },
  unchecked: { renew: 'pending' },
  failed: { renew: 'pending' },
  skipped: { renew: 'pending' },
} as const satisfies Record<StepState, Readonly<Record<string, StepState>>>;

/**
 * `hold`: at its gate. `again`: another attempt, after a transient failure or in a new process.
 * `renew`: an operator ordered the failed steps of an ended execution again.
 */
export type Move = 'start' | 'hold' | 'skip' | 'again' | 'done' | 'unchecked' | 'failed' | 'renew';

/** The events that an execution takes in each of its states. */
const taken: Readonly<Record<Execution['state'], readonly ExecutionEvent['type'][]>> = {
  running: ['taken-up', 'step-ended', 'step-remembered', 'approved', 'cancelled'],
  // Nothing runs while all waits at a gate.
  waiting: ['taken-up', 'approved', 'cancelled'],
  ended: ['retried'],
};

const settled: ReadonlySet<StepState> = new Set(['done', 'unchecked', 'failed', 'skipped']);

export function isSettled(step: StepRecord): boolean {
  return settled.has(step.state);
}

export function moved(step: StepRecord, move: Move): StepState {
  const to = (moves[step.state] as Partial<Record<Move, StepState>>)[move];
  if (to !== undefined) return to;
  throw illegal(`step is ${step.state}: it cannot ${move}`, step.id);
}

export function assertTakes(execution: Execution, event: ExecutionEvent): void {
  if (taken[execution.state].includes(event.type)) return;
  throw illegal(`execution is ${execution.state}: it cannot be ${event.type}`, execution.id);
}

/** `execution.illegal-move`: the order does not fit the state that the execution or its step is in. */
export function illegal(message: string, subject: string, hint?: string): FarshoreError {
  return new FarshoreError(message, {
    code: 'execution.illegal-move',
    kind: 'permanent',
    operation: 'change execution',
    subject,
    hint,
  });
}
