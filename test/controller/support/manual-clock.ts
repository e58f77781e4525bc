import { SleepersClock } from '../../support/sleepers-clock.ts';

/** Time passes only by `advance`; whoever sleeps until then wakes in order, and works to its next wait. */
export class ManualClock extends SleepersClock {
  /** Lets all work that waits for no time run to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(seconds: number): Promise<void> {
    const untilMs = this.monotonicMs() + seconds * 1000;
    do await this.settle();
    while (this.wakeEarliest(untilMs));
    this.passUntil(untilMs);
    await this.settle();
  }
}
