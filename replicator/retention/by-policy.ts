import { isUnderstood } from '../point/formats.ts';
import { isNotUnderstood } from '../point/manifest.ts';
import type { RecoveryPoint } from '../point/types.ts';
import { isUsable } from '../point/members.ts';
import type { Retention } from '../policy.ts';
import { decideRetention, type Exemptions } from './decide.ts';
import { expirePoints, type ExpireDeps } from './expire-points.ts';

/** The newest of the kept points: a transaction can compare so many things. */
const comparedAtMost = 64;

/**
 * What retention lets go, and what an earlier process left `expiring`. `points`: those of the group as
 * they are now. `aheadMs`: by how much the clock is ahead of the regions': nothing is old because of that.
 */
export async function expireByPolicy(
  points: readonly RecoveryPoint[],
  deps: Omit<ExpireDeps, 'kept'> & {
    readonly retention: Retention;
    readonly exemptions: Exemptions;
    readonly aheadMs: number;
  },
): Promise<void> {
  const { aheadMs, log, clock, retention, exemptions, at } = deps;
  if (aheadMs > 0) log.warn('the clock of this controller is ahead of a region', { aheadMs });
  const here = points.filter((point) => point.region === at.target.region && isUnderstood(point));
  const { keep, drop } = decideRetention(here, retention, clock.now() - aheadMs, exemptions);
  const kept = keep
    .map(({ point }) => point)
    .filter(isUsable)
    .slice(0, comparedAtMost)
    .map(({ id, state, checked }) => ({ id, state, damaged: checked.damaged }));
  try {
    await expirePoints(drop, { ...deps, kept });
  } catch (error) {
    if (!isNotUnderstood(error)) throw error;
    // Of a newer release, which will expire what it knows.
    log.warn('points are not understood here, so nothing is expired', { error });
  }
}
