import type { Clock } from '../../kernel/clock.ts';
import { describeError, FarshoreError, isTransient } from '../../kernel/errors.ts';
import type { Step, StepContext } from '../steps/step.ts';
import { withDeadline } from './deadline.ts';
import type { Outcome } from './events.ts';
import { cancelledCode } from './schedule.ts';
import type { StepRecord } from './types.ts';

/** The reason with which a step is aborted when its execution is cancelled. */
export function cancellation(step: string, reason: string): FarshoreError {
  return new FarshoreError(reason, {
    code: cancelledCode,
    kind: 'permanent',
    operation: 'run step',
    subject: step,
  });
}

/**
 * One attempt of a step after a pause, made an outcome whatever happens. Only what is no error of
 * ours is logged here, as a fault: its stack is said nowhere else.
 */
export async function attempt(
  step: Step,
  context: Omit<StepContext, 'note'>,
  pauseMs: number,
): Promise<Outcome> {
  const notes: string[] = [];
  const { ambient, signal } = context;
  try {
    if (pauseMs > 0) await ambient.clock.sleep(pauseMs, signal);
    const result = await limited(ambient.clock, context.step, signal, (limit) =>
      step.run({ ...context, signal: limit, note: (text) => notes.push(text) }),
    );
    return result.state === 'failed'
      ? { ...result, isTransient: false, notes }
      : { ...result, notes };
  } catch (error) {
    return failure(signal.aborted ? signal.reason : error, context, notes);
  }
}

async function limited<T>(
  clock: Clock,
  step: StepRecord,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeoutSeconds } = step;
  if (timeoutSeconds === undefined) return work(signal);
  const expired = (): FarshoreError =>
    new FarshoreError(`not done within ${timeoutSeconds} s`, {
      code: 'step.timeout',
      kind: 'transient',
      operation: 'run step',
      subject: step.id,
    });
  return withDeadline(clock, timeoutSeconds * 1000, signal, expired, work);
}

function failure(
  error: unknown,
  { ambient, execution, step }: Omit<StepContext, 'note'>,
  notes: readonly string[],
): Outcome {
  const isOurs = error instanceof FarshoreError;
  if (!isOurs)
    ambient.log.error('step broke', {
      execution: execution.id,
      step: step.id,
      stack: error instanceof Error ? error.stack : String(error),
    });
  return {
    state: 'failed',
    error: { code: isOurs ? error.code : 'internal', message: describeError(error) },
    isTransient: isTransient(error) || isTokenRefused(error),
    notes,
  };
}

/**
 * A service that cannot ask its Keystone refuses a token made just now too (HTTP 401). For a session that is a
 * setting to be mended; while a region is being lost it passes.
 */
function isTokenRefused(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'region.unauthorized';
}
