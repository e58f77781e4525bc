import type { Clock } from '../../kernel/clock.ts';

/** How much may be under way at once, as it is now; whoever starts work asks each time. */
export interface Concurrency {
  readonly limit: number;
}

export interface PaceOptions {
  readonly start?: number;
  readonly max?: number;
}

const defaultStart = 12;
/** However much more would be gained: other clients have a share too. */
export const mostAtOnce = 40;
const shortestWindowMs = 400;
/** A small object costs about as much as this many bytes of a large one. */
const requestBytes = 256 * 1024;
/** Less gain than this is noise. */
const worthwhile = 1.05;
const growth = 1.3;
const backOff = 0.6;
/** After an overload nothing is tried for so long: Swift leaves a full disk alone for a minute. */
const restMs = 15_000;

/**
 * Finds how much at once moves most: grows while throughput grows, goes back one step when it does
 * not, and backs off when the service says that it is too much (429, 498, 503, 507, no answer in
 * time). One for each pair of source and target; its state is worth nothing after a restart.
 */
export class Pace implements Concurrency {
  readonly #clock: Clock;
  readonly #max: number;
  #limit: number;
  #best = { rate: 0, limit: 1 };
  #windowStartMs: number;
  #restUntilMs = 0;
  #done = 0;
  #weight = 0;
  #quietWindows = 0;

  constructor(clock: Clock, { start = defaultStart, max = mostAtOnce }: PaceOptions = {}) {
    this.#clock = clock;
    this.#limit = start;
    this.#max = max;
    this.#windowStartMs = clock.monotonicMs();
  }

  get limit(): number {
    return this.#limit;
  }

  succeeded(bytes: number): void {
    this.#done += 1;
    this.#weight += requestBytes + bytes;
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs < shortestWindowMs || this.#done < 2 * this.#limit) return;
    this.#decide(this.#weight / elapsedMs, nowMs);
    this.#beginWindow(nowMs);
  }

  overloaded(): void {
    const nowMs = this.#clock.monotonicMs();
    // Those that were under way together fail together: one step for all of them.
    if (nowMs < this.#restUntilMs - restMs * 0.9) return;
    this.#limit = Math.max(1, Math.floor(this.#limit * backOff));
    this.#best = { rate: 0, limit: this.#limit };
    this.#restUntilMs = nowMs + restMs;
    this.#beginWindow(nowMs);
  }

  #decide(rate: number, nowMs: number): void {
    if (nowMs < this.#restUntilMs) return;
    if (rate > this.#best.rate * worthwhile) {
      this.#best = { rate, limit: this.#limit };
      this.#grow();
      return;
    }
    if (this.#limit > this.#best.limit) {
      this.#limit = this.#best.limit;
      return;
    }
    // What was best is forgotten slowly: the load of others changes.
    this.#best = { rate: Math.max(rate, this.#best.rate * 0.95), limit: this.#limit };
    this.#quietWindows += 1;
    if (this.#quietWindows % 8 === 0) this.#grow();
  }

  #grow(): void {
    this.#limit = Math.min(this.#max, Math.ceil(this.#limit * growth));
  }

  #beginWindow(nowMs: number): void {
    this.#windowStartMs = nowMs;
    this.#done = 0;
    this.#weight = 0;
  }
}
