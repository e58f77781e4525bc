import { Cron } from 'croner';
import type { Random } from '../../kernel/random.ts';
import type { Schedule } from '../policy.ts';

/**
 * When the next run is due, in milliseconds since the epoch, from when the last one began. It lies in
 * the past when runs were missed (the process was down, a run took longer than the interval): the
 * caller runs once, at once, and asks again with that start, so that however many were missed, one is
 * made up. Infinity when a cron pattern never matches again.
 *
 * Jitter is drawn anew at every call: ask once a run and keep the answer. With summer time, a fixed
 * hour that is skipped runs right after the gap, and one that comes twice runs once; a pattern that
 * repeats within the hour runs by the clock on the wall (croner's rule for both).
 */
export function nextRun(schedule: Schedule, lastMs: number, random: Random): number {
  const jitterMs = random.next() * schedule.jitterSeconds * 1000;
  const dueMs =
    'every' in schedule
      ? lastMs + schedule.every * 1000
      : (cronOf(schedule).nextRun(new Date(lastMs))?.getTime() ?? Infinity);
  return dueMs + jitterMs;
}

/** Throws what croner throws for a pattern that is none; a time zone that does not exist throws at the first question. */
export function cronOf(schedule: Extract<Schedule, { readonly cron: string }>): Cron {
  // Five fields: a minute is the finest that a replication of a group can mean.
  return new Cron(schedule.cron, { paused: true, timezone: schedule.timeZone, mode: '5-part' });
}
