import type { Clock } from '../../kernel/clock.ts';

/**
 * Holds whoever takes bytes to so many a second, all of them together. Time in which nothing was taken
 * is not made up for.
 */
export class Rate {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  #freeMs = 0;
  #bytes = 0;

  /** `Infinity`: no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** All that was taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when there is time for them; first come, first served. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#bytes += bytes;
    const nowMs = this.#clock.monotonicMs();
    this.#freeMs = Math.max(nowMs, this.#freeMs) + bytes / this.#bytesPerMs;
    const waitMs = this.#freeMs - nowMs;
    // A timer is no finer than this: less is waited for with what comes next.
    if (waitMs >= 1) await this.#clock.sleep(waitMs, signal);
  }
}
