import type { Concurrency } from './pace.ts';

/**
 * What was begun and has not ended, for one who begins more. Waiting costs the same however much is under
 * way, which a race of all of it would not.
 */
export class UnderWay {
  readonly #atOnce: number | Concurrency;
  readonly #all = new Set<Promise<void>>();
  #wake: () => void = () => undefined;

  constructor(atOnce: number | Concurrency) {
    this.#atOnce = atOnce;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** What it ends with is its giver's affair: a failure is told to `failed` and to nobody else. */
  add(work: Promise<unknown>, failed: (error: unknown) => void): void {
    const ended = (): void => {
      this.#all.delete(task);
      this.#wake();
    };
    const task = work.then(ended, (error: unknown) => {
      failed(error);
      ended();
    });
    this.#all.add(task);
  }

  /** Until one more may begin. For one caller at a time. */
  async room(): Promise<void> {
    while (this.#all.size >= this.#limit)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async end(): Promise<void> {
    await Promise.all(this.#all);
  }

  get #limit(): number {
    return typeof this.#atOnce === 'number' ? this.#atOnce : this.#atOnce.limit;
  }
}
