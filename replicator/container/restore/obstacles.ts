import { resourceKey, type Obstacle, type RestorePlan, type TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import type { ContainerCopy } from '../types.ts';
import { nameTaken, standingOf, targetName } from './target.ts';

const askedAtOnce = 8;

/** Names that are somebody else's there. Where both regions share one Swift, a failover makes none. */
export async function containerObstacles(
  copies: readonly ContainerCopy[],
  order: RestorePlan,
  at: TargetContext,
): Promise<readonly Obstacle[]> {
  if (at.sharedSwift && order.mode === 'failover') return [];
  const obstacles: Obstacle[] = [];
  await parallel(copies, askedAtOnce, at.signal, async ({ container, resource }, signal) => {
    const name = targetName(container, order);
    if ((await standingOf(name, order, { ...at, signal })) !== 'taken') return;
    obstacles.push({ resource: resourceKey(resource), error: nameTaken(name, order, at) });
  });
  return obstacles;
}
