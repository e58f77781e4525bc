import type { Clock } from '../../kernel/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/**
 * A clock whose time passes only when nothing else happens: each turn of the event loop in which all
 * others wait, the earliest sleeper wakes and the time is its. So timeouts keep their order to the
 * work they limit, and a day is over in a moment.
 */
export class VirtualClock implements Clock {
  readonly #startMs = Date.parse('2026-11-21T08:00:00Z');
  readonly #sleepers = new Set<Sleeper>();
  #ms = 0;
  #isTurning = false;

  now(): number {
    return this.#startMs + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const sleeper = { dueMs: this.#ms + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      const [first] = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs);
      if (first === undefined) return;
      this.#sleepers.delete(first);
      this.#ms = Math.max(this.#ms, first.dueMs);
      first.wake();
      this.#turn();
    });
  }
}
