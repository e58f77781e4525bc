import type { Scheduler } from './scheduler.ts';

/** What happened, as a hash that tells two histories apart, and as text when somebody asks for it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #isKept: boolean;
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  constructor(scheduler: Scheduler, isKept: boolean) {
    this.#scheduler = scheduler;
    this.#isKept = isKept;
  }

  get hash(): string {
    return [this.#high, this.#low]
      .map((half) => (half >>> 0).toString(16).padStart(8, '0'))
      .join('');
  }

  add(line: string): void {
    const stamp = this.#scheduler.nowMs;
    this.#mix(stamp);
    for (let at = 0; at < line.length; at += 1) this.#mix(line.charCodeAt(at));
    this.note(() => line);
  }

  /** For the reader only. */
  note(line: () => string): void {
    if (!this.#isKept) return;
    this.lines.push(`${(this.#scheduler.nowMs / 1000).toFixed(3).padStart(9)} ${line()}`);
  }

  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x01000193);
    this.#low = Math.imul(this.#low ^ (value + (this.#high >>> 7)), 0x85ebca77);
    this.#low ^= this.#low >>> 13;
  }
}
