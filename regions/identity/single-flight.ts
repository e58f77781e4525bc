/** One piece of work at a time, shared by all who ask for it meanwhile. */
export class SingleFlight<T> {
  readonly #work: () => Promise<T>;
  #flight: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** One caller's abort ends its own waiting and not the work, which others may be waiting for. */
  async run(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.#flight ??= this.#work().finally(() => {
      this.#flight = undefined;
    });
    return signal === undefined ? this.#flight : untilAborted(this.#flight, signal);
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
