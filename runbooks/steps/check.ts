import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { kindOf } from '../../replicator/kinds.ts';
import { resourceKey, type ContentCheck, type Restored } from '../../replicator/mover.ts';
import { bound, copyOf, orderFor, pointOf, stepOf } from './copies.ts';
import type { Step, StepContext } from './step.ts';

/** Compares what was restored with its copy. What could not be read is `unchecked`, never good. */
export const check: Step = {
  type: 'check',
  async run(context) {
    const found = await compared(context);
    switch (found.state) {
      case 'verified':
        return { state: 'done', output: found };
      case 'unchecked':
        context.note(found.detail);
        return { state: 'unchecked', output: found };
      case 'mismatch':
        await lookAtCopy(context);
        return {
          state: 'failed',
          output: found,
          error: {
            code: 'check.mismatch',
            message: `the restored content differs: ${found.detail}`,
          },
        };
    }
  },
};

/**
 * Either the copy is not what it says, which the next choice must know, or only what was made of it: the copy
 * is read again, and what that finds is recorded.
 */
async function lookAtCopy(context: StepContext): Promise<void> {
  const point = pointOf(context);
  if (point === undefined) return;
  const { control, execution, progress, signal, step } = context;
  const only = new Set([String(step.params['resource'])]);
  try {
    await control.verifyPoint(execution.group, point, 'content', progress, signal, only);
  } catch (error) {
    signal.throwIfAborted();
    context.note(`its copy could not be read again: ${describeError(error)}`);
  }
}

async function compared(context: StepContext): Promise<ContentCheck> {
  const { control, execution, progress, signal, step } = context;
  const copy = await copyOf(context);
  const { plural, costlyCheck } = kindOf(copy.kind);
  if (costlyCheck !== null && step.params[costlyCheck.param] === 'none')
    return { state: 'unchecked', bytes: 0, detail: `the order said not to compare ${plural}` };
  const key = resourceKey(copy.resource);
  const restored = stepOf(execution, `restore:${key}`)?.output as Restored | undefined;
  if (restored === undefined)
    throw new FarshoreError('nothing was restored that could be compared', {
      code: 'check.nothing-restored',
      kind: 'permanent',
      operation: 'check restored content',
      subject: key,
    });
  const at = await control.target(execution.group, progress, signal);
  return bound(control.movers, copy).check(restored, orderFor(context, key), at);
}
