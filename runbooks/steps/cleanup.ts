import { describeError, FarshoreError, isTransient } from '../../kernel/errors.ts';
import { inRestoreOrder } from '../../replicator/kinds.ts';
import { resourceKey, type Copy } from '../../replicator/mover.ts';
import { parallel } from '../../replicator/transfer/parallel.ts';
import { bound, manifestOf, orderFor, stepOf } from './copies.ts';
import type { Step, StepContext } from './step.ts';

/** Discards under way at once: deletions are cheap calls. */
const discardsAtOnce = 4;

/**
 * Discards all that the drill restored or began to restore. One that can't be discarded keeps none
 * of the others from it; the step then fails, and what is left is named by the inventory.
 */
export const cleanup: Step = {
  type: 'cleanup',
  async run(context) {
    const copies = (await manifestOf(context))?.copies ?? [];
    const begun = copies.filter((copy) => hasBegun(context, copy));
    const failures: unknown[] = [];
    // What needs others goes before what it needs.
    for (const layer of inRestoreOrder(begun, ({ kind }) => kind).toReversed())
      await parallel(layer, discardsAtOnce, context.signal, async (copy, signal) => {
        try {
          await discard({ ...context, signal }, copy);
        } catch (error) {
          signal.throwIfAborted();
          failures.push(error);
        }
      });
    if (failures.length > 0) throw allOf(failures);
    return { state: 'done', output: { discarded: begun.length } };
  },
};

function hasBegun({ execution }: StepContext, copy: Copy): boolean {
  return (stepOf(execution, `restore:${resourceKey(copy.resource)}`)?.attempts ?? 0) > 0;
}

async function discard(context: StepContext, copy: Copy): Promise<void> {
  const { control, execution, progress, signal } = context;
  const at = await control.target(execution.group, progress, signal);
  await bound(control.movers, copy).discard(orderFor(context, resourceKey(copy.resource)), at);
}

/** Transient when any of them is: trying again is harmless to the others. */
function allOf(failures: readonly unknown[]): FarshoreError {
  return new FarshoreError(failures.map(describeError).join('; '), {
    code: 'drill.cleanup-failed',
    kind: failures.some(isTransient) ? 'transient' : 'permanent',
    operation: 'clean up drill',
    cause: failures[0],
    hint: 'run it again with `farshore execution retry`',
  });
}
