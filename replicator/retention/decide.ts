import type { Retention } from '../policy.ts';
import { resourceKey } from '../mover.ts';
import { newestFirst, newestProven } from '../point/choose.ts';
import { hasWhole, isUsable } from '../point/members.ts';
import { isGone } from '../point/reached.ts';
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

/** A resource whose last copies stay whatever the policy says. */
export interface KeptCopies {
  readonly resource: string;
  /** `lost since 2026-11-21T08:00:00Z`. */
  readonly why: string;
  /** Of the point that came with the change: older ones are meant. Absent: any. */
  readonly before?: number;
}

/** What stays beside what the policy wants. */
export interface Exemptions {
  /** By point: why an operator holds it. */
  readonly held: ReadonlyMap<string, string>;
  readonly copies: readonly KeptCopies[];
}

export const noExemptions: Exemptions = Object.freeze({ held: new Map(), copies: [] });

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
 * Which points stay. The newest proven one always does, and of each resource of the newest point the
 * newest whole copy: points that lack something never push out the last one that has it. Usable
 * points are counted among themselves: a damaged one takes no place of theirs, whatever there is of
 * them. A damaged point stays as long as it would if it were whole, since a repair or a new check may
 * show that it is; then it goes as the others do. What an operator holds stays, and so does the last
 * copy of a resource that is gone from the source or was changed in a way that nobody has confirmed.
 * Expiring points are neither kept nor dropped again: they are gone for those who ask.
 */
export function decideRetention(
  points: readonly RecoveryPoint[],
  policy: Retention,
  nowMs: number,
  exemptions: Exemptions = noExemptions,
): RetentionDecision {
  const sorted = newestFirst(points.filter((point) => point.state !== 'expiring'));
  const usable = sorted.filter(isUsable);
  const forUsable = wishes(usable, policy, nowMs);
  const forAll = wishes(sorted, policy, nowMs);
  const newest = newestProven(usable);
  const always = lastCopies(sorted, newest, exemptions);
  const keep: Kept[] = [];
  const drop: RecoveryPoint[] = [];
  for (const point of sorted) {
    const wished = isUsable(point) ? forUsable : forAll;
    const reasons = [
      ...(point === newest ? ['newest-proven'] : []),
      ...(wished.get(point) ?? []),
      ...(always.get(point) ?? []),
    ];
    const held = exemptions.held.get(point.id);
    if (held !== undefined) reasons.push(`held: ${held}`);
    if (reasons.length > 0) keep.push({ point, reasons });
    else drop.push(point);
  }
  return { keep, drop };
}

/** A reason names so many resources and counts the rest. */
const namedAtMost = 3;

/** Points that stay because of what they alone have, beside the newest proven one. */
function lastCopies(
  sorted: readonly RecoveryPoint[],
  newest: RecoveryPoint | null,
  { copies }: Exemptions,
): ReadonlyMap<RecoveryPoint, readonly string[]> {
  const only = new Map<RecoveryPoint, string[]>();
  for (const key of currentKeys(sorted)) {
    const point = sorted.find((each) => hasWhole(each, key));
    if (point !== undefined && point !== newest) add(only, point, key);
  }
  const reasons = new Map<RecoveryPoint, string[]>();
  for (const [point, keys] of only) {
    const more = keys.length > namedAtMost ? ` and ${keys.length - namedAtMost} more` : '';
    add(reasons, point, `newest copy of ${keys.slice(0, namedAtMost).join(', ')}${more}`);
  }
  for (const { resource, why, before = Infinity } of copies) {
    const point = sorted.find((each) => each.sequence < before && hasWhole(each, resource));
    if (point !== undefined) add(reasons, point, `last copy of ${resource}, ${why}`);
  }
  return reasons;
}

/** Of the newest point; what is gone from the source is kept for its own reason, or let go. */
function currentKeys([newest]: readonly RecoveryPoint[]): readonly string[] {
  return (newest?.members ?? [])
    .filter(({ problem, dataTime }) => dataTime !== null || !isGone(problem?.code ?? ''))
    .map(({ resource }) => resourceKey(resource));
}

function add<K>(lists: Map<K, string[]>, key: K, value: string): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
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
  for (const point of young.slice(0, policy.last)) add(wished, point, 'last');
  for (const rule of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
    const seen = new Set<number>();
    for (const point of young) {
      const bucket = buckets[rule](Date.parse(point.dataTime));
      if (seen.has(bucket)) continue;
      if (seen.size >= policy[rule]) break;
      seen.add(bucket);
      add(wished, point, rule);
    }
  }
  return wished;
}
