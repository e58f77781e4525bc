import { isEnded } from '../../replicator/session/state.ts';
import { nextRun } from '../../replicator/schedule/next-run.ts';
import type { Random } from '../../kernel/random.ts';
import type { Standing } from './standing.ts';

export type Due =
  | { readonly type: 'never' }
  /** Take up the unfinished session, before anything new. */
  | { readonly type: 'resume'; readonly since: number }
  | { readonly type: 'start'; readonly atMs: number };

const firstBackoffMs = 60_000;
const longestBackoffMs = 300_000;
/** However short the interval, a group that fails leaves the others this much time. */
const breathMs = 10_000;

/**
 * Pure. A group without a session is due since it was made. After a success the schedule decides,
 * from when the session began; after a failure the schedule or a backoff of 1, 2, 4, 5 minutes from
 * its end, whichever comes first. Draws jitter: ask once for each standing and keep the answer.
 *
 * A time that is yet to come was written by a controller whose clock was ahead (`nowMs` is this one's):
 * it counts as now, or the group would wait until the clocks have caught up.
 */
export function dueOf(standing: Standing, nowMs: number, random: Random): Due {
  const { isResting, policy, session, createdAt } = standing;
  const past = (time: string) => Math.min(Date.parse(time), nowMs);
  if (isResting) return { type: 'never' };
  if (session === null) return { type: 'start', atMs: past(createdAt) };
  const startedMs = past(session.startedAt);
  if (!isEnded(session.phase)) return { type: 'resume', since: startedMs };
  const scheduledMs = nextRun(policy.schedule, startedMs, random);
  if (session.phase !== 'failed') return { type: 'start', atMs: scheduledMs };
  const endedMs = past(session.endedAt ?? session.startedAt);
  const backoffMs = Math.min(
    longestBackoffMs,
    firstBackoffMs * 2 ** Math.max(0, session.failures - 1),
  );
  return {
    type: 'start',
    atMs: Math.max(endedMs + breathMs, Math.min(scheduledMs, endedMs + backoffMs)),
  };
}
