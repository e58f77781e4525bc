import type { ScrubRecord } from '../state/records.ts';

/** What decides when a group's copies are read again. */
export interface ScrubStanding {
  /** Null: never. */
  readonly periodSeconds: number | null;
  /** Since then anything of the group can lie in the secondary: it was read when it was stored. */
  readonly createdAt: string;
  readonly record: ScrubRecord | null;
}

export type ScrubDue =
  | { readonly type: 'never' }
  /** Milliseconds since the epoch. */
  | { readonly type: 'wait'; readonly untilMs: number }
  /** Now; by the deadline everything has to have been read. */
  | { readonly type: 'read'; readonly deadlineMs: number };

/**
 * Pure. A round begins so early that one which takes twice as long as the last is over within the period,
 * and at the latest when three quarters of it have passed; one that was begun goes on.
 */
export function scrubDue(standing: ScrubStanding, nowMs: number): ScrubDue {
  const { periodSeconds, record } = standing;
  if (periodSeconds === null) return { type: 'never' };
  const periodMs = periodSeconds * 1000;
  const sinceMs = Date.parse(readSince(standing));
  // A clock that ran ahead wrote that: nobody knows when it was.
  if (!(sinceMs <= nowMs)) return { type: 'read', deadlineMs: nowMs };
  const deadlineMs = sinceMs + periodMs;
  if (record?.round !== undefined) return { type: 'read', deadlineMs };
  const lastMs = (record?.last?.seconds ?? 0) * 1000;
  const beginMs = deadlineMs - Math.max(periodMs / 4, 2 * lastMs);
  return beginMs <= nowMs ? { type: 'read', deadlineMs } : { type: 'wait', untilMs: beginMs };
}

/** RFC 3339: all that the group has in the secondary was read since. */
export function readSince({
  createdAt,
  record,
}: Pick<ScrubStanding, 'createdAt' | 'record'>): string {
  return record?.last?.startedAt ?? createdAt;
}
