/** What a thing may be after an act that was not acknowledged, the first being what was wanted. */
type Outcomes = readonly [wanted: string, ...others: string[]];

export const absent = 'absent';

/** The connection was lost: nobody knows what came of the act. */
export class Lost extends Error {}

/** What was done to a region, as far as its answers say: each thing by name, and what it may be. */
export class Ledger {
  readonly #possible = new Map<string, readonly string[]>();
  #wanted: { readonly acknowledged: number; readonly done: () => void } | null = null;
  /** Acts whose answer came. */
  acknowledged = 0;

  /** `act` resolves when the act is acknowledged, and throws Lost when it may have been done. */
  async attempt(thing: string, outcomes: Outcomes, act: () => Promise<void>): Promise<void> {
    this.#possible.set(thing, [...this.#of(thing), ...outcomes]);
    await act();
    this.#possible.set(thing, [outcomes[0]]);
    this.acknowledged += 1;
    if (this.acknowledged === this.#wanted?.acknowledged) this.#wanted.done();
  }

  /** Resolves once so many more acts are acknowledged. */
  after(acts: number): Promise<void> {
    return new Promise((done) => {
      this.#wanted = { acknowledged: this.acknowledged + acts, done };
    });
  }

  /** Those that are known to be, in the order in which they were made. */
  things(kind: string): readonly string[] {
    return [...this.#possible]
      .filter(([thing, [one]]) => thing.startsWith(`${kind} `) && one !== absent)
      .map(([thing]) => thing.slice(kind.length + 1));
  }

  /** What is not as it must be; what is found is what counts from now on. */
  faults(found: ReadonlyMap<string, string>): readonly string[] {
    const faults: string[] = [];
    for (const thing of new Set([...this.#possible.keys(), ...found.keys()])) {
      const is = found.get(thing) ?? absent;
      const possible = this.#of(thing);
      if (!possible.includes(is)) faults.push(`${thing} is ${is}, not ${possible.join(' or ')}`);
      this.#possible.set(thing, [is]);
    }
    return faults;
  }

  #of(thing: string): readonly string[] {
    return this.#possible.get(thing) ?? [absent];
  }
}
