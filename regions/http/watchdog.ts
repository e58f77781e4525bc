import type { Clock } from '../../kernel/clock.ts';

/** A reason that is there already: making an error of its own for each call costs more than the rest of it. */
const over = new Error('over');

export interface Bounds {
  /** Fewer bytes than these within a `limitMs` are as good as none: the other side trickles. */
  readonly leastBytes?: number;
  /** From the start, whatever moves. */
  readonly wholeMs?: number | undefined;
}

/**
 * Gives the signal for one attempt: aborted when the caller's signal is, or when `limitMs` passed
 * without a `touch`, or one of the further bounds is broken. Never touched, it is a plain deadline.
 * `stop` must be called in the end.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #leastBytes: number;
  readonly #endMs: number;
  readonly #abort = new AbortController();
  readonly #stopped = new AbortController();
  #lastMs: number;
  #window: { readonly startMs: number; bytes: number };
  #isPaused = false;
  #expired: 'silent' | 'slow' | undefined;

  constructor(clock: Clock, limitMs: number, caller?: AbortSignal, bounds: Bounds = {}) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#leastBytes = bounds.leastBytes ?? 0;
    this.#lastMs = clock.monotonicMs();
    this.#endMs = this.#lastMs + (bounds.wholeMs ?? Infinity);
    this.#window = { startMs: this.#lastMs, bytes: 0 };
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

  /** True when a limit passed, false when the caller aborted or nothing happened yet. */
  get hasExpired(): boolean {
    return this.#expired !== undefined;
  }

  /** It expired though something moved: too little. */
  get isTooSlow(): boolean {
    return this.#expired === 'slow';
  }

  touch(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  /** A touch of so many bytes. */
  moved(bytes: number): void {
    this.touch();
    this.#window.bytes += bytes;
  }

  /** Time until `resume` does not count: our reader is slow, not the service. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (this.#isPaused) this.#begin();
    this.#isPaused = false;
  }

  stop(): void {
    this.#stopped.abort(over);
  }

  #begin(): void {
    this.touch();
    this.#window = { startMs: this.#lastMs, bytes: 0 };
  }

  async #watch(): Promise<void> {
    for (;;) {
      if (this.#isPaused) this.#begin();
      const leftMs = this.#leftMs();
      if (this.#expired !== undefined) {
        this.#abort.abort(new Error(`too little came within ${this.#limitMs} ms`));
        return;
      }
      try {
        await this.#clock.sleep(leftMs, this.#stopped.signal);
      } catch {
        return; // Only `stop` ends the sleep early.
      }
    }
  }

  /** Until it is to be looked at again; what is broken by now is noted. */
  #leftMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = Math.min(this.#lastMs + this.#limitMs, this.#endMs);
    if (untilMs <= nowMs) this.#expired = 'silent';
    else if (this.#window.startMs + this.#limitMs <= nowMs) {
      if (this.#window.bytes < this.#leastBytes) this.#expired = 'slow';
      this.#window = { startMs: nowMs, bytes: 0 };
    }
    return Math.min(untilMs, this.#window.startMs + this.#limitMs) - nowMs;
  }
}
