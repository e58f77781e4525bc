import type { Clock } from '../../../kernel/clock.ts';
import type { SeededRandom } from './random.ts';
import type { Planned, Scheduler } from './scheduler.ts';

/** When the wall clocks of the simulation begin. */
const epochMs = Date.parse('2026-11-21T08:00:00Z');

const leastMs = 0.001;

/**
 * A process: all that it hears from outside (answers, timers, watches) comes through `deliver`. A
 * paused one hears it when it is woken, with all its memory; a dead one never.
 */
export class SimProcess {
  readonly name: string;
  /** The machine that it runs on. */
  readonly host: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly #scheduler: Scheduler;
  readonly #bornMs: number;
  /** Its monotonic milliseconds in one true millisecond. */
  readonly #rate: number;
  readonly #mail: (() => void)[] = [];
  #state: 'running' | 'paused' | 'dead' = 'running';
  #wallOffsetMs = 0;

  constructor(
    name: string,
    host: string,
    deps: { readonly scheduler: Scheduler; readonly random: SeededRandom },
  ) {
    this.name = name;
    this.host = host;
    this.#scheduler = deps.scheduler;
    this.#bornMs = deps.scheduler.nowMs;
    this.random = deps.random.fork();
    this.#rate = deps.random.between(0.99, 1.01);
    this.clock = Object.freeze({
      now: () => Math.round(epochMs + deps.scheduler.nowMs + this.#wallOffsetMs),
      monotonicMs: () => (deps.scheduler.nowMs - this.#bornMs) * this.#rate,
      sleep: (ms: number, signal?: AbortSignal) => this.#sleep(ms, signal),
      after: (ms: number, run: () => void) => {
        const timer = this.after(ms, run);
        return () => timer.cancel();
      },
    });
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  deliver(run: () => void): void {
    if (this.#state === 'paused') this.#mail.push(run);
    if (this.#state !== 'running') return;
    this.#scheduler.isStirred = true;
    run();
  }

  kill(): void {
    this.#state = 'dead';
    this.#mail.length = 0;
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  /** Once, so many of its own milliseconds from now. */
  after(ms: number, run: () => void): Planned {
    // A timer takes some time, or who waits for the rest of a moment would wait for ever in it.
    return this.#scheduler.after(Math.max(ms, leastMs) / this.#rate, () => this.deliver(run));
  }

  /** What came meanwhile is heard at once, in its order, each as an event of its own. */
  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    for (const run of this.#mail.splice(0)) this.#scheduler.soon(() => this.deliver(run));
  }

  /** The wall clock only: somebody sets it, or a time server does. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** What a service's own clock says, which nobody sets. */
export function trueTime(scheduler: Scheduler): number {
  return Math.round(epochMs + scheduler.nowMs);
}
