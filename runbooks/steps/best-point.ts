import { hasRestorable, isUsable, isWhole } from '../../replicator/point/members.ts';
import type { PointManifest, PointMember, RecoveryPoint } from '../../replicator/point/types.ts';
import { candidates, noProvenPoint } from './candidates.ts';
import { isNamed } from './older-copies.ts';

/** How whoever chooses looks at a point: an execution checks it now, a dry run goes by what is recorded. */
export interface PointLooks {
  /** The point as it is found now; of all its resources, or of those named by resourceKey. */
  readonly check: (point: RecoveryPoint, only?: ReadonlySet<string>) => Promise<RecoveryPoint>;
  readonly manifest: (point: string) => Promise<PointManifest>;
}

export interface PointWish {
  readonly group: string;
  readonly rpoObjectiveSeconds: number;
  /** The one that the order names. */
  readonly wanted: string | undefined;
  /** Resources that are taken from elsewhere: by key, or kind and name. */
  readonly apart: readonly string[];
}

/**
 * The newest point of which everything is whole, as long as it is not older than the newest usable one by more
 * than the RPO objective; else, of those, the one with most that is whole, the newest of equals. So the state of
 * all others is not thrown back by days for the sake of one resource. A point that the order names is taken, if
 * anything of it is whole. One in which nothing is whole, and something survives, is taken where no other
 * that is not older by more than that has anything whole. Throws `point.none-proven`.
 */
export async function bestPoint(
  points: readonly RecoveryPoint[],
  { group, rpoObjectiveSeconds, wanted, apart }: PointWish,
  { check }: Pick<PointLooks, 'check'>,
  signal: AbortSignal,
): Promise<RecoveryPoint> {
  let best: RecoveryPoint | null = null;
  /** Nothing is whole in them, and something survives its damage: for want of a better one, newest first. */
  const spares: RecoveryPoint[] = [];
  const fromSpares = async (): Promise<RecoveryPoint | null> => {
    for (const spare of spares.splice(0)) {
      const point = await check(spare);
      if (hasRestorable(point)) return point;
    }
    return null;
  };
  let oldestMs = -Infinity;
  const noOlderThan = ({ dataTime }: RecoveryPoint): void => {
    if (oldestMs === -Infinity) oldestMs = Date.parse(dataTime) - rpoObjectiveSeconds * 1000;
  };
  for (const candidate of candidates(points, wanted)) {
    signal.throwIfAborted();
    const isTooOld = Date.parse(candidate.dataTime) < oldestMs;
    if (isTooOld) best ??= await fromSpares();
    if (isTooOld && best !== null) break;
    // What its head says already is no better is not read.
    if (best !== null && wholeBut(candidate, apart) <= wholeBut(best, apart)) continue;
    const isWanted = candidate.id === wanted;
    const mayBeBest = isUsable(candidate) || isWanted;
    const point = mayBeBest ? await check(candidate) : candidate;
    if (!hasRestorable(point)) continue;
    noOlderThan(point);
    if (isUsable(point) || isWanted) {
      if (best === null || wholeBut(point, apart) > wholeBut(best, apart)) best = point;
      if (isProvenBut(point, apart) || isWanted) break;
    } else spares.push(point);
  }
  best ??= await fromSpares();
  if (best === null) throw noProvenPoint(group, wanted);
  return best;
}

/** Those that are whole, of all but these. */
function wholeBut({ members }: RecoveryPoint, apart: readonly string[]): number {
  return counted(members, apart).filter(isWhole).length;
}

function isProvenBut({ state, members }: RecoveryPoint, apart: readonly string[]): boolean {
  const rest = counted(members, apart);
  return state === 'proven' || (rest.length > 0 && rest.every((each) => each.state === 'proven'));
}

function counted(members: readonly PointMember[], apart: readonly string[]) {
  return members.filter(({ resource }) => !apart.some((wanted) => isNamed(resource, wanted)));
}
