import type { SeededRandom } from './random.ts';

export interface Planned {
  cancel(): void;
}

interface Event extends Planned {
  readonly atMs: number;
  /** Drawn: what falls on one instant happens in an order that the seed decides. */
  readonly tie: number;
  readonly sequence: number;
  run: (() => void) | null;
}

/**
 * Virtual time. One event happens at a time, and all that follows from it without waiting (promises)
 * is over before the next one: so one seed gives one history, whatever the machine is doing.
 */
export class Scheduler {
  /** True milliseconds since the beginning; nobody inside can read it but through a clock. */
  nowMs = 0;
  /** Events that took place. */
  events = 0;
  /** Some process, or who looks on, has something to go on with. */
  isStirred = false;
  /** Told after each event that stirred somebody. Throws to end the run. */
  afterEvent: () => void = () => undefined;
  readonly #random: SeededRandom;
  readonly #heap: Event[] = [];
  #sequence = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  after(delayMs: number, run: () => void): Planned {
    return this.#plan(this.nowMs + Math.max(0, delayMs), this.#random.next(), run);
  }

  /** Next, in the order of the calls. */
  soon(run: () => void): Planned {
    return this.#plan(this.nowMs, -1, run);
  }

  /** False when nothing is left to happen by then; the time is `untilMs` afterwards, or that of the end. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<boolean> {
    await settled();
    for (;;) {
      if (isOver()) return true;
      const next = this.#next(untilMs);
      if (next === null) break;
      this.nowMs = next.atMs;
      this.events += 1;
      const { run } = next;
      next.run = null;
      run?.();
      if (!this.isStirred) continue;
      this.isStirred = false;
      await settled();
      this.afterEvent();
    }
    if (untilMs !== Infinity) this.nowMs = untilMs;
    return false;
  }

  #plan(atMs: number, tie: number, run: () => void): Planned {
    const event: Event = {
      atMs,
      tie,
      sequence: (this.#sequence += 1),
      run,
      cancel() {
        this.run = null;
      },
    };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  #next(untilMs: number): Event | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (first.run !== null && first.atMs > untilMs)) return null;
      const last = this.#heap.pop() as Event;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
        this.#sink();
      }
      if (first.run !== null) return first;
    }
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at] as Event, heap[parent] as Event)) return;
      [heap[at], heap[parent]] = [heap[parent] as Event, heap[at] as Event];
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && isBefore(heap[child] as Event, heap[least] as Event))
          least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least] as Event, heap[at] as Event];
      at = least;
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
}

/** A turn of the event loop: every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
