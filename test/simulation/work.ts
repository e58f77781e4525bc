import type { SeededRandom } from './engine/random.ts';
import type { Scheduler } from './engine/scheduler.ts';
import type { Operator } from './operator.ts';
import type { SimGroup } from './sim-group.ts';

/** Orders at random, for any group, while everything breaks. Returns how to stop it. */
export function work(deps: {
  readonly scheduler: Scheduler;
  readonly operator: Operator;
  readonly groups: readonly SimGroup[];
  readonly random: SeededRandom;
}): () => void {
  const { scheduler, operator, groups, random } = deps;
  const meanMs = random.pick([4_000, 10_000, 30_000]);
  const failovers = random.pick([0.05, 0.2, 0.5]);
  let isOver = false;
  const one = (group: SimGroup): Promise<boolean> => {
    if (group.isFailingBack || (operator.hasFailedOver(group) && random.chance(0.5)))
      return operator.failBack(group);
    if (random.chance(failovers)) return operator.failover(group);
    const orders = [
      () => operator.drill(group),
      () => operator.drill(group),
      () => operator.sync(group),
      () => operator.verify(group),
      () => operator.deletePoint(group),
      () => operator.retry(group),
      () => operator.cancel(group),
      () => operator.approve(group),
      () => operator.release(group),
      () => operator.changeMembers(group),
    ];
    return random.pick(orders)();
  };
  const next = (): void => {
    scheduler.after(random.between(0, 2 * meanMs), () => {
      if (isOver) return;
      void one(random.pick(groups));
      next();
    });
  };
  next();
  return () => {
    isOver = true;
  };
}
