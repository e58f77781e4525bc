import type { Cron } from 'croner';
import type { Schedule } from '../policy.ts';
import { cronOf } from './next-run.ts';

const secondMs = 1000;
const dayMs = 24 * 3600 * secondMs;
/** A fixed year, so that the same policy gets the same answer on every day; 2024 has a 29th of February. */
const fromMs = Date.UTC(2024, 0, 1);
const horizonMs = 400 * dayMs;

/**
 * The longest time from one run to the next, jitter included, in seconds; Infinity for a pattern that
 * stops matching. A point is proven some time after its run began, so a gap as long as an RPO already
 * misses it. The hour that summer time adds to a pause within one day is not counted. Throws what
 * croner throws for a pattern or time zone that is none.
 */
export function longestGapSeconds(schedule: Schedule): number {
  const gap = 'every' in schedule ? schedule.every : longestCronGapMs(cronOf(schedule)) / secondMs;
  return gap + schedule.jitterSeconds;
}

/**
 * All matching days have the same times. So the pauses shorter than a day are those of the first day
 * (and the night after it, when every day matches; when not every day does, a longer pause than any
 * night follows anyway), and only pauses of a day or more are left to be looked for.
 */
function longestCronGapMs(cron: Cron): number {
  const first = cron.nextRun(new Date(fromMs - secondMs))?.getTime();
  if (first === undefined) return Infinity;
  let longestMs = 0;
  let lastMs = first;
  while (lastMs < first + dayMs) {
    const next = cron.nextRun(new Date(lastMs))?.getTime();
    if (next === undefined) return Infinity;
    longestMs = Math.max(longestMs, next - lastMs);
    lastMs = next;
  }
  while (lastMs < fromMs + horizonMs) {
    const withinDay = cron.previousRuns(1, new Date(lastMs + dayMs + secondMs))[0]?.getTime();
    if (withinDay !== undefined && withinDay > lastMs) {
      lastMs = withinDay;
      continue;
    }
    const next = cron.nextRun(new Date(lastMs))?.getTime();
    if (next === undefined) return Infinity;
    longestMs = Math.max(longestMs, next - lastMs);
    lastMs = next;
  }
  return longestMs;
}
