import { type Clock, systemClock } from '../../kernel/clock.ts';

const factor = 20;
/** What Farshore sleeps longer is a deadline, or waits for a time of day. */
const longestPauseMs = 9_900;

/** The system's clock with short pauses: for polling what is done in this process, at once. */
export const briskClock: Clock = Object.freeze({
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) =>
    systemClock.sleep(ms <= longestPauseMs ? ms / factor : ms, signal),
});
