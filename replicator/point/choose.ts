import type { RecoveryPoint } from './types.ts';

/** What choosing looks at. */
export type PointAge = Pick<RecoveryPoint, 'id' | 'sequence' | 'state' | 'dataTime'>;

/**
 * Which holds the older data. By the order in which they were committed, for no clock is to be
 * trusted with that: one that ran ahead for a while would make its points the newest for as long.
 * Those that an older release committed have no place in it: they come first, by data time.
 */
export function byAge(older: PointAge, newer: PointAge): number {
  const inOrder = (older.sequence ?? 0) - (newer.sequence ?? 0);
  if (inOrder !== 0) return inOrder;
  const difference = Date.parse(older.dataTime) - Date.parse(newer.dataTime);
  if (difference !== 0) return difference;
  return older.id < newer.id ? -1 : older.id > newer.id ? 1 : 0;
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
