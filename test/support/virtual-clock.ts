import { SleepersClock } from './sleepers-clock.ts';

/**
 * A clock whose time passes only when nothing else happens: each turn of the event loop in which all
 * others wait, the earliest sleeper wakes and the time is its. So timeouts keep their order to the
 * work they limit, and a day is over in a moment.
 */
export class VirtualClock extends SleepersClock {
  #isTurning = false;

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const slept = super.sleep(ms, signal);
    this.#turn();
    return slept;
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      if (this.wakeEarliest(Infinity)) this.#turn();
    });
  }
}
