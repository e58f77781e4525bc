import { parallel } from '../../replicator/transfer/parallel.ts';
import { scratchOf } from './copies.ts';
import type { Step, StepContext, StepResult } from './step.ts';

/** Cinder deletes in the background: between two looks. */
const pauseMs = 5_000;
/** Of what is left, so many are named in the error; the output holds all up to the second. */
const namedAtMost = 20;
const keptAtMost = 1_000;

/**
 * Shows that the drill left nothing, by what the services list and not by what the deletions
 * answered. Looks again for some time, since services delete after they answered.
 */
export const inventory: Step = {
  type: 'inventory',
  async run(context) {
    const { step, ambient, signal } = context;
    const { waitSeconds } = step.params;
    const waitMs = typeof waitSeconds === 'number' ? waitSeconds * 1000 : 0;
    const start = ambient.clock.monotonicMs();
    for (;;) {
      const left = await inventoryOf(context);
      if (left.length === 0) return { state: 'done', output: { left } };
      if (ambient.clock.monotonicMs() - start >= waitMs) return leftover(left, waitMs);
      await ambient.clock.sleep(pauseMs, signal);
    }
  },
};

async function inventoryOf({
  control,
  execution,
  progress,
  signal,
}: StepContext): Promise<readonly string[]> {
  const movers = Object.values(control.movers);
  const left: string[] = [];
  await parallel(movers, movers.length, signal, async (mover, limit) => {
    const at = await control.target(execution.group, progress, limit);
    left.push(...(await mover.inventory(scratchOf(execution), at)));
  });
  return left.sort();
}

function leftover(left: readonly string[], waitMs: number): StepResult {
  const named = left.slice(0, namedAtMost).join(', ');
  const more = left.length > namedAtMost ? ` and ${left.length - namedAtMost} more` : '';
  const message = `${left.length} things of the drill are left after ${waitMs / 1000} s: ${named}${more} (delete them by hand, or run the clean-up again with \`farshore execution retry\`)`;
  return {
    state: 'failed',
    output: { left: left.slice(0, keptAtMost) },
    error: { code: 'drill.leftovers', message },
  };
}
