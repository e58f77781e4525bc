/**
 * In which order members are tried: those that answered last time before those that did not, each in
 * the order of preference; of those that did not, whichever was not tried for longest.
 */
export class Ranking<E> {
  readonly #all: readonly E[];
  readonly #failed = new Set<E>();

  /** The most preferred first. */
  constructor(all: readonly E[]) {
    this.#all = all;
  }

  best(): E {
    const good = this.#all.find((endpoint) => !this.#failed.has(endpoint));
    const [longest] = this.#failed;
    const best = good ?? longest;
    if (best === undefined) throw new Error('a ranking of nothing');
    return best;
  }

  failed(endpoint: E): void {
    this.#failed.delete(endpoint);
    this.#failed.add(endpoint);
  }

  answered(endpoint: E): void {
    this.#failed.delete(endpoint);
  }

  /** To be asked whether they answer again. */
  failing(): readonly E[] {
    return [...this.#failed];
  }
}
