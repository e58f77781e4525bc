import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type ContentCheck, type Restored } from '../../replicator/mover.ts';
import { bound, copyOf, orderFor, stepOf } from './copies.ts';
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

async function compared(context: StepContext): Promise<ContentCheck> {
  if (context.step.params['verifyVolumes'] === 'none')
    return { state: 'unchecked', bytes: 0, detail: 'the order said not to compare volumes' };
  const { control, execution, progress, signal } = context;
  const copy = await copyOf(context);
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
