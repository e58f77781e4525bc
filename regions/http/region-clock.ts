import type { Clock } from '../../kernel/clock.ts';

/** Below this the two agree: the time an answer takes, and what clocks that are kept in step differ by. */
const agreedMs = 60_000;

/** How far this process's wall clock is ahead of a region's, as the `Date` of its newest answer says. */
export class RegionClock {
  readonly #clock: Clock;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds; 0 while they agree, this one is behind, or nothing is known. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** The header as it came; what is no date tells nothing. */
  saw(date: string | undefined): void {
    const aheadMs = this.#clock.now() - Date.parse(date ?? '');
    if (Number.isNaN(aheadMs)) return;
    this.#aheadMs = aheadMs > agreedMs ? aheadMs : 0;
  }
}
