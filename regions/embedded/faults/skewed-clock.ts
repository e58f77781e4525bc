import type { Clock } from '../../../kernel/clock.ts';
import type { Faults } from './faults.ts';

/** The region's own idea of the time: wrong when a fault says so; durations stay right. */
export function skewedClock(clock: Clock, faults: Faults): Clock {
  return Object.freeze({
    now: () => clock.now() + faults.conditions.clockSkewMs,
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    after: (ms: number, run: () => void) => clock.after(ms, run),
  });
}
