import type { Clock } from '../../kernel/clock.ts';
import { afterSleep } from './after-sleep.ts';

/** A clock on which every sleep is over at once, its length added to the time and kept in `slept`. */
export class SkippingClock implements Clock {
  readonly slept: number[] = [];
  #ms = 0;

  now(): number {
    return Date.parse('2026-11-21T08:00:00Z') + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.slept.push(ms);
    this.#ms += ms;
    return Promise.resolve();
  }

  after(ms: number, run: () => void): () => void {
    return afterSleep(this, ms, run);
  }
}
