interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/**
 * A bound on the bytes that are held in memory at once. Whoever comes first is served first, so that
 * a large one is not passed over for ever; one that is larger than all of it waits until it is alone.
 */
export class ByteBudget {
  readonly #total: number;
  readonly #queue: Waiting[] = [];
  #free: number;

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** Resolves with the function that gives the bytes back; call it once, whatever happens. */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const wanted = Math.min(bytes, this.#total);
    if (this.#queue.length === 0 && wanted <= this.#free) this.#free -= wanted;
    else await this.#wait(wanted, signal);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      this.#give(wanted);
    };
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        start: () => {
          signal.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        this.#serve();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#queue.push(waiting);
    });
  }

  #give(bytes: number): void {
    this.#free += bytes;
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (first.bytes > this.#free) return;
      this.#queue.shift();
      this.#free -= first.bytes;
      first.start();
    }
  }
}
