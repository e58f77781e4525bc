import type { Execution } from './types.ts';

/** States that a watcher may be behind before it loses the oldest: each is the whole, so it still ends right. */
const keptAtMost = 1_000;

/** Hands each saved state to all who watch an execution. */
export class Feed {
  readonly #watchers = new Set<(execution: Execution | null) => void>();
  #current: Execution;
  #isClosed = false;

  constructor(current: Execution) {
    this.#current = current;
  }

  get current(): Execution {
    return this.#current;
  }

  publish(execution: Execution): void {
    this.#current = execution;
    for (const tell of this.#watchers) tell(execution);
  }

  close(): void {
    this.#isClosed = true;
    for (const tell of this.#watchers) tell(null);
  }

  /** The current state, then each one published, until closed or aborted. */
  async *follow(signal: AbortSignal): AsyncGenerator<Execution, void, undefined> {
    const waiting: Execution[] = [this.#current];
    let isOver = this.#isClosed;
    let wake = (): void => undefined;
    const tell = (execution: Execution | null): void => {
      if (execution === null) isOver = true;
      else waiting.push(execution);
      if (waiting.length > keptAtMost) waiting.shift();
      wake();
    };
    const leave = (): void => tell(null);
    this.#watchers.add(tell);
    signal.addEventListener('abort', leave);
    try {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (isOver) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', leave);
      this.#watchers.delete(tell);
    }
  }
}
