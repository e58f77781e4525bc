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

/** The point to fail over to, in any order of the list; null when none is proven. */
export function newestProven<P extends PointAge>(points: readonly P[]): P | null {
  let newest: P | null = null;
  for (const point of points) {
    if (point.state !== 'proven') continue;
    if (newest === null || byAge(newest, point) < 0) newest = point;
  }
  return newest;
}

/**
 * What would be lost if the primary were lost now, in seconds: now minus the data time of the newest
 * proven point. Null without one. Never negative, should the regions' clocks differ.
 */
export function reachedRpoSeconds(points: readonly PointAge[], nowMs: number): number | null {
  const newest = newestProven(points);
  return newest === null ? null : Math.max(0, (nowMs - Date.parse(newest.dataTime)) / 1000);
}
