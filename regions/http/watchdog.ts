import type { Clock } from '../../kernel/clock.ts';

export interface Bounds {
  /** Fewer bytes than these within a `limitMs` are as good as none: the other side trickles. */
  readonly leastBytes?: number;
  /** From the start, whatever moves. */
  readonly wholeMs?: number | undefined;
}

/**
 * Ends one attempt: when the caller's signal is aborted, or when `limitMs` passed without a `touch`, or
 * one of the further bounds is broken. Never touched, it is a plain deadline. `stop` must be called in
 * the end. There is one for each request, so it holds no more than a timer and a listener.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #leastBytes: number;
  readonly #endMs: number;
  readonly #caller: AbortSignal | undefined;
  #lastMs: number;
  #window: { readonly startMs: number; bytes: number };
  #isPaused = false;
  #expired: 'silent' | 'slow' | undefined;
  #cancelTimer: () => void = () => undefined;
  #end: { readonly reason: unknown } | undefined;
  #listener: ((reason: unknown) => void) | undefined;

  constructor(clock: Clock, limitMs: number, caller?: AbortSignal, bounds: Bounds = {}) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#leastBytes = bounds.leastBytes ?? 0;
    this.#lastMs = clock.monotonicMs();
    this.#endMs = this.#lastMs + (bounds.wholeMs ?? Infinity);
    this.#window = { startMs: this.#lastMs, bytes: 0 };
    this.#caller = caller;
    if (caller?.aborted === true) this.#follow();
    else {
      caller?.addEventListener('abort', this.#follow);
      this.#watch();
    }
  }

  /** Hears once why the attempt is to end; at once, if it is already. One listener only. */
  onEnd(listener: (reason: unknown) => void): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener(this.#end.reason);
  }

  /** The same for what takes a signal. */
  signal(): AbortSignal {
    const controller = new AbortController();
    this.onEnd((reason) => controller.abort(reason));
    return controller.signal;
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
    this.#cancelTimer();
    this.#caller?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => {
    this.stop();
    this.#endWith(this.#caller?.reason);
  };

  #endWith(reason: unknown): void {
    this.#end = { reason };
    this.#listener?.(reason);
  }

  #begin(): void {
    this.touch();
    this.#window = { startMs: this.#lastMs, bytes: 0 };
  }

  readonly #watch = (): void => {
    if (this.#isPaused) this.#begin();
    const leftMs = this.#leftMs();
    if (this.#expired === undefined) this.#cancelTimer = this.#clock.after(leftMs, this.#watch);
    else this.#endWith(new Error(`too little came within ${this.#limitMs} ms`));
  };

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
