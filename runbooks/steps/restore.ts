import { bound, copyOf, orderFor } from './copies.ts';
import { resourceKey } from '../../replicator/mover.ts';
import type { Step } from './step.ts';

/** Brings one resource up, by its mover; killed in the middle, the mover goes on by its memo. */
export const restore: Step = {
  type: 'restore',
  async run(context) {
    const { control, execution, progress, signal } = context;
    const copy = await copyOf(context);
    const at = await control.target(execution.group, progress, signal);
    const order = orderFor(context, resourceKey(copy.resource));
    const restored = await bound(control.movers, copy).restore(order, at);
    for (const text of restored.notes) context.note(text);
    return { state: 'done', output: restored };
  },
};
