import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';

/** What nearly every part needs from outside; passed in once, frozen. */
export interface Ambient {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
