import { resourceKey } from '../mover.ts';
import { newestFirst, type PointAge } from './choose.ts';
import { isUnderstood } from './formats.ts';
import { isWhole, wholeKeys } from './members.ts';
import type { RecoveryPoint } from './types.ts';

/** A point in short: what is looked at to tell what could be recovered of each resource. */
export interface PointHolding extends PointAge {
  /** Keys of the resources that can be recovered from it. */
  readonly whole: readonly string[];
  /** Keys of those that ought to be, and cannot. */
  readonly missing: readonly string[];
}

/** Codes of what a point lacks because the source has it no more: its age is nobody's objective. */
const goneCodes: ReadonlySet<string> = new Set(['resource.lost', 'resource.replaced']);

export function isGone(code: string): boolean {
  return goneCodes.has(code);
}

export function holdingOf(point: RecoveryPoint): PointHolding {
  const { id, sequence, state, dataTime, members } = point;
  // What this release cannot restore it does not count on.
  const whole = isUnderstood(point) ? wholeKeys(point) : [];
  const isThere = new Set(whole);
  const missing = members
    .filter((member) => !isWhole(member) || !isThere.has(resourceKey(member.resource)))
    .filter(({ problem, dataTime: at }) => at !== null || !isGone(problem?.code ?? ''))
    .map(({ resource }) => resourceKey(resource));
  return {
    id,
    sequence,
    state,
    dataTime,
    whole,
    missing,
  };
}

/** How far back the group's resources would be thrown, before any clock is asked. */
export interface Reached {
  /**
   * Data times to count from, one list for each point that some resource depends on: its own, then
   * those of the points before it.
   */
  readonly times: readonly (readonly string[])[];
  /** A resource that nothing recovers. */
  readonly isIncomplete: boolean;
}

/**
 * Every resource of the newest point counts from its own newest whole copy: one that is lacking, or
 * was found damaged, does not make the others old, and they do not make it young.
 */
export function reachedOf(points: readonly PointHolding[]): Reached {
  const offered = newestFirst(points.filter(({ state }) => state !== 'expiring'));
  const [newest] = offered;
  if (newest === undefined) return { times: [], isIncomplete: true };
  const open = new Set([...newest.whole, ...newest.missing]);
  const times: (readonly string[])[] = [];
  for (const [index, point] of offered.entries()) {
    if (open.size === 0) break;
    const found = point.whole.filter((key) => open.delete(key));
    if (found.length > 0) times.push(offered.slice(index).map(({ dataTime }) => dataTime));
  }
  return { times, isIncomplete: open.size > 0 || times.length === 0 };
}

/** Clocks that are kept in step differ by this much. */
const skewMs = 5_000;

/**
 * Now minus the data time of the resource that is worst off, in seconds: what would be lost if the
 * primary were lost now. Null where nothing can be said: a resource has no whole copy, or no time that
 * can be true.
 *
 * A data time that is yet to come was written by a clock that was ahead: it says nothing, and the
 * point is at least as new as those that were committed before it, so it counts from the newest of
 * them whose time can be true. That is never better than the truth.
 */
export function rpoSeconds({ times, isIncomplete }: Reached, nowMs: number): number | null {
  if (isIncomplete) return null;
  const ages = times.map((list) => ageSeconds(list, nowMs));
  const isKnown = (age: number | null): age is number => age !== null;
  return ages.every(isKnown) ? Math.max(...ages) : null;
}

/** Of the first of the times that can be true; null: none can. */
export function ageSeconds(newestToOldest: readonly string[], nowMs: number): number | null {
  for (const time of newestToOldest) {
    const ageMs = nowMs - Date.parse(time);
    if (ageMs >= -skewMs) return Math.max(0, ageMs) / 1000;
  }
  return null;
}
