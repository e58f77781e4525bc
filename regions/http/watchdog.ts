import type { Clock } from '../../kernel/clock.ts';

/** A reason that is there already: making an error of its own for each call costs more than the rest of it. */
const over = new Error('over');

/**
 * Gives the signal for one attempt: aborted when the caller's signal is, or when `limitMs` passed
 * without a `touch`. Never touched, it is a plain deadline. `stop` must be called in the end.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #abort = new AbortController();
  readonly #stopped = new AbortController();
  #lastMs: number;
  #isPaused = false;
  #hasExpired = false;

  constructor(clock: Clock, limitMs: number, caller?: AbortSignal) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#lastMs = clock.monotonicMs();
    const follow = () => this.#abort.abort(caller?.reason);
    if (caller?.aborted === true) follow();
    else {
      caller?.addEventListener('abort', follow, { once: true, signal: this.#stopped.signal });
      void this.#watch();
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** True when the limit passed, false when the caller aborted or nothing happened yet. */
  get hasExpired(): boolean {
    return this.#hasExpired;
  }

  touch(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  /** Time until `resume` does not count: our reader is slow, not the service. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (this.#isPaused) this.touch();
    this.#isPaused = false;
  }

  stop(): void {
    this.#stopped.abort(over);
  }

  async #watch(): Promise<void> {
    for (;;) {
      if (this.#isPaused) this.touch();
      const leftMs = this.#lastMs + this.#limitMs - this.#clock.monotonicMs();
      if (leftMs <= 0) {
        this.#hasExpired = true;
        this.#abort.abort(new Error(`nothing came within ${this.#limitMs} ms`));
        return;
      }
      try {
        await this.#clock.sleep(leftMs, this.#stopped.signal);
      } catch {
        return; // Only `stop` ends the sleep early.
      }
    }
  }
}
