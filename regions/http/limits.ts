import PQueue from 'p-queue';

/**
 * Short calls, downloads and uploads wait in lines of their own: a poll is not kept waiting by long
 * streams, and a relay that holds a download while it waits for an upload cannot block itself. So do
 * requests for a token, which calls to Keystone wait for while they hold their own places.
 */
export type Lane = 'calls' | 'downloads' | 'tokens' | 'uploads';

/** At most `maxCalls` under way at once in each lane of each service of one region. */
export class Limits {
  readonly #maxCalls: number;
  readonly #queues = new Map<string, PQueue>();

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls;
  }

  /** Resolves with the function that gives the place back; rejects when aborted while waiting. */
  acquire(service: string, lane: Lane, signal?: AbortSignal): Promise<() => void> {
    const queue = this.#queue(`${service} ${lane}`);
    // What need not wait has no use for the signal: a listener for each call costs more than the line.
    const mustWait = queue.size > 0 || queue.pending >= this.#maxCalls;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      queue
        .add(
          () => new Promise<void>((release) => resolve(release)),
          signal && mustWait ? { signal } : {},
        )
        .catch(reject);
    });
  }

  #queue(key: string): PQueue {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new PQueue({ concurrency: this.#maxCalls });
      this.#queues.set(key, queue);
    }
    return queue;
  }
}
