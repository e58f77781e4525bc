import type { StepRecord } from './types.ts';

/** The steps of an execution while it is decided what follows: a lookup costs nothing, however many there are. */
export class StepTable {
  readonly #steps: StepRecord[];
  readonly #places: Map<string, number>;
  readonly #running = new Map<string, number>();

  constructor(steps: readonly StepRecord[]) {
    this.#steps = [...steps];
    this.#places = new Map(steps.map((step, place) => [step.id, place]));
    for (const step of steps) this.#count(step, 1);
  }

  get steps(): readonly StepRecord[] {
    return this.#steps;
  }

  /** How many of a type are `running`. */
  running(type: string): number {
    return this.#running.get(type) ?? 0;
  }

  /** The steps that one needs; a pattern stands for those that are known by now. */
  needsOf(step: StepRecord): readonly StepRecord[] {
    return step.needs.flatMap((need) => {
      if (need.endsWith(':*')) {
        const prefix = need.slice(0, -1);
        return this.#steps.filter((other) => other.id.startsWith(prefix));
      }
      const other = this.#steps[this.#places.get(need) ?? -1];
      return other === undefined ? [] : [other];
    });
  }

  set(step: StepRecord): void {
    const place = this.#places.get(step.id) ?? -1;
    const before = this.#steps[place];
    if (before === undefined) return;
    this.#count(before, -1);
    this.#count(step, 1);
    this.#steps[place] = step;
  }

  #count(step: StepRecord, by: number): void {
    if (step.state === 'running') this.#running.set(step.type, this.running(step.type) + by);
  }
}
