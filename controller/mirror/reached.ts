interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** A revision that others wait for. */
export class Reached {
  readonly #waiters = new Set<Waiter>();
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  set(revision: number): void {
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Rejects with the signal's reason when it aborts first. */
  async wait(revision: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (revision <= this.#revision) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter = { revision, resolve: () => resolve(undefined) };
    const giveUp = () => reject(signal.reason as Error);
    this.#waiters.add(waiter);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', giveUp);
    }
  }
}
