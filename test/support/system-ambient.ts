import type { Ambient } from '../../kernel/ambient.ts';
import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';

/** Real time and chance, for tests against real services. */
export const systemAmbient: Ambient = Object.freeze({
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
