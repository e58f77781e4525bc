import type { Clock } from '../../../kernel/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Time passes only by `advance`; whoever sleeps until then wakes in order, and works to its next wait. */
export class ManualClock implements Clock {
  readonly #startMs = Date.parse('2026-11-21T08:00:00Z');
  readonly #sleepers = new Set<Sleeper>();
  #ms = 0;

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
    });
  }

  /** Lets all work that waits for no time run to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(seconds: number): Promise<void> {
    const untilMs = this.#ms + seconds * 1000;
    for (;;) {
      await this.settle();
      const [next] = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#sleepers.delete(next);
      this.#ms = Math.max(this.#ms, next.dueMs);
      next.wake();
    }
    this.#ms = untilMs;
    await this.settle();
  }
}
