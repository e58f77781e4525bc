import type { Log } from '../../../../kernel/log.ts';
import { Locks } from '../../store/locks.ts';

/**
 * Work that goes on after its request was answered (202), one queue per key. It ends with the process,
 * without a last word: what was under way is settled at the next start (clean-up.ts).
 */
export class Jobs {
  readonly #log: Log;
  readonly #queues = new Locks();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** `work` settles its own failures: what it throws is a fault of ours. */
  start(key: string, work: () => Promise<void>): void {
    const job = this.#queues
      .run(key, () => (this.signal.aborted ? Promise.resolve() : work()))
      .catch((error: unknown) => {
        if (!this.signal.aborted)
          this.#log.error('work on a volume failed by a fault of the region', {
            volume: key,
            error: error instanceof Error ? error.stack : String(error),
          });
      })
      .finally(() => this.#running.delete(job));
    this.#running.add(job);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }
}
