import type { Clock } from '../../kernel/clock.ts';
import { afterSleep } from './after-sleep.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a subclass lets its sleepers wake. */
export abstract class SleepersClock implements Clock {
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

  after(ms: number, run: () => void): () => void {
    return afterSleep(this, ms, run);
  }

  /** The earliest that is due by then wakes, and the time is its. False when none is. */
  protected wakeEarliest(untilMs: number): boolean {
    const [first] = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs);
    if (first === undefined || first.dueMs > untilMs) return false;
    this.#sleepers.delete(first);
    this.passUntil(first.dueMs);
    first.wake();
    return true;
  }

  protected passUntil(ms: number): void {
    this.#ms = Math.max(this.#ms, ms);
  }
}
