import type { Retention } from '../policy.ts';
import { byAge, newestProven } from '../point/choose.ts';
import type { RecoveryPoint } from '../point/types.ts';

interface Kept {
  readonly point: RecoveryPoint;
  /** `newest-proven`, or `last`, `hourly`, …: each rule that wants it. */
  readonly reasons: readonly string[];
}

export interface RetentionDecision {
  /** Newest first, like `drop`. */
  readonly keep: readonly Kept[];
  readonly drop: readonly RecoveryPoint[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The bucket that a time belongs to, in UTC; equal numbers are one bucket. */
const buckets = {
  hourly: (ms: number) => Math.floor(ms / hourMs),
  daily: (ms: number) => Math.floor(ms / dayMs),
  // ISO weeks begin on Monday; 1970-01-01 was a Thursday, three days into its week.
  weekly: (ms: number) => Math.floor((Math.floor(ms / dayMs) + 3) / 7),
  monthly: (ms: number) => {
    const date = new Date(ms);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  },
} as const satisfies Record<string, (ms: number) => number>;

/**
 * Which points stay. The newest proven one always does. Proven points are counted among themselves:
 * a damaged one takes no place of theirs, whatever there is of them. A damaged point stays as long as
 * it would if it were whole, since a repair or a new check may show that it is; then it goes as the
 * others do. Expiring points are neither kept nor dropped again: they are gone for those who ask.
 */
export function decideRetention(
  points: readonly RecoveryPoint[],
  policy: Retention,
  nowMs: number,
): RetentionDecision {
  const offered = points.filter((point) => point.state !== 'expiring');
  const sorted = offered.toSorted((a, b) => byAge(b, a));
  const proven = sorted.filter((point) => point.state === 'proven');
  const forProven = wishes(proven, policy, nowMs);
  const forAll = wishes(sorted, policy, nowMs);
  const newest = newestProven(proven);
  const keep: Kept[] = [];
  const drop: RecoveryPoint[] = [];
  for (const point of sorted) {
    const wished = point.state === 'proven' ? forProven : forAll;
    const reasons = [...(wished.get(point) ?? [])];
    if (point === newest) reasons.unshift('newest-proven');
    if (reasons.length > 0) keep.push({ point, reasons });
    else drop.push(point);
  }
  return { keep, drop };
}

/** Which rule wants which of these points, given newest first. */
function wishes(
  sorted: readonly RecoveryPoint[],
  policy: Retention,
  nowMs: number,
): ReadonlyMap<RecoveryPoint, readonly string[]> {
  const maxAgeMs = (policy.maxAgeSeconds ?? Infinity) * 1000;
  const young = sorted.filter((point) => nowMs - Date.parse(point.dataTime) <= maxAgeMs);
  const wished = new Map<RecoveryPoint, string[]>();
  const want = (point: RecoveryPoint, reason: string): void => {
    wished.set(point, [...(wished.get(point) ?? []), reason]);
  };
  for (const point of young.slice(0, policy.last)) want(point, 'last');
  for (const rule of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
    const seen = new Set<number>();
    for (const point of young) {
      const bucket = buckets[rule](Date.parse(point.dataTime));
      if (seen.has(bucket)) continue;
      if (seen.size >= policy[rule]) break;
      seen.add(bucket);
      want(point, rule);
    }
  }
  return wished;
}
