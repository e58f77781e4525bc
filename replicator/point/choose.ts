import { isUsable } from './members.ts';
import type { RecoveryPoint } from './types.ts';

/** What choosing looks at. */
export type PointAge = Pick<RecoveryPoint, 'id' | 'sequence' | 'state' | 'dataTime'>;

/**
 * Which holds the older data. By the order in which they were committed, for no clock is to be
 * trusted with that: one that ran ahead for a while would make its points the newest for as long.
 */
export function byAge(older: PointAge, newer: PointAge): number {
  return older.sequence - newer.sequence;
}

/** The newest point of which everything can be recovered, in any order of the list. */
export function newestProven<P extends PointAge>(points: readonly P[]): P | null {
  return newestWhere(points, ({ state }) => state === 'proven');
}

/** The newest point of which anything can be recovered; null when nothing can be failed over to. */
export function newestUsable<P extends PointAge>(points: readonly P[]): P | null {
  return newestWhere(points, isUsable);
}

export function newestWhere<P extends PointAge>(
  points: readonly P[],
  isRight: (point: P) => boolean,
): P | null {
  let newest: P | null = null;
  for (const point of points)
    if (isRight(point) && (newest === null || byAge(newest, point) < 0)) newest = point;
  return newest;
}

export function newestFirst<P extends PointAge>(points: readonly P[]): readonly P[] {
  return points.toSorted((a, b) => byAge(b, a));
}
