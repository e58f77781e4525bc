import { bound, copyOf, orderFor, pointOf } from './copies.ts';
import { resourceKey, type RestoreOrder } from '../../replicator/mover.ts';
import type { Step, StepContext } from './step.ts';

/** Brings one resource up, by its mover; killed in the middle, the mover goes on by its memo. */
export const restore: Step = {
  type: 'restore',
  async run(context) {
    const { control, execution, progress, signal } = context;
    const copy = await copyOf(context);
    const at = await control.target(execution.group, progress, signal);
    const key = resourceKey(copy.resource);
    const order = { ...orderFor(context, key), ...(await damageIn(context, key)) };
    const restored = await bound(control.movers, copy).restore(order, at);
    for (const text of restored.notes) context.note(text);
    return { state: 'done', output: restored };
  },
};

/** Stored things of the resource that are known to be damaged in the point, as far as its head lists them. */
async function damageIn(
  context: StepContext,
  key: string,
): Promise<Pick<RestoreOrder, 'damaged' | 'isMoreDamaged'>> {
  const { control, execution } = context;
  const points = await control.points(execution.group);
  const point = points.find(({ id }) => id === pointOf(context));
  const own = (point?.checked.findings ?? []).filter(({ resource }) => resource === key);
  const member = point?.members.find(({ resource }) => resourceKey(resource) === key);
  return {
    damaged: new Set(own.flatMap(({ stored }) => stored ?? [])),
    isMoreDamaged: (member?.damaged ?? 0) > own.length,
  };
}
