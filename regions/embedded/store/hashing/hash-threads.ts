import { Worker } from 'node:worker_threads';
import { isZero } from '../zeros.ts';
import type { Algorithm, Hasher } from './hasher.ts';
import type { Answer, Order } from './messages.ts';

/** As many streams are hashed beside each other; more wait for their turn on the same threads. */
const mostThreads = 2;
/** Updates that a stream may be ahead of its hashing. */
const mostAhead = 4;

interface Stream {
  ahead: number;
  /** Resolves what waits for an answer. */
  wake: () => void;
  digests: readonly string[] | undefined;
  failure: unknown;
}

interface Thread {
  readonly worker: Worker;
  readonly streams: Map<number, Stream>;
}

/**
 * Hashes large bodies beside this thread, which then only moves them. Threads start when they are
 * first needed, keep the process alive while they have work, and serve all regions of it.
 */
class HashThreads {
  readonly #threads: Thread[] = [];
  #lastId = 0;

  begin(algorithms: readonly Algorithm[]): Hasher {
    const thread = this.#least();
    const { worker, streams } = thread;
    const id = ++this.#lastId;
    const stream: Stream = {
      ahead: 0,
      wake: () => undefined,
      digests: undefined,
      failure: undefined,
    };
    streams.set(id, stream);
    worker.ref();
    const done = (): void => {
      streams.delete(id);
      if (streams.size === 0) worker.unref();
    };
    const order = (order: Order, transfer: readonly ArrayBuffer[] = []): void =>
      worker.postMessage(order, transfer);
    const answered = async (isEnough: () => boolean): Promise<void> => {
      while (!isEnough()) {
        if (stream.failure !== undefined) throw stream.failure as Error;
        await new Promise<void>((resolve) => (stream.wake = resolve));
      }
    };
    order({ kind: 'begin', id, algorithms });
    return {
      update: async (pieces) => {
        stream.ahead += 1;
        if (pieces.every((piece) => isZero(piece))) {
          order({ kind: 'zeros', id, bytes: lengthOf(pieces) });
        } else {
          const data = joined(pieces);
          order({ kind: 'update', id, data }, [data.buffer]);
        }
        await answered(() => stream.ahead < mostAhead);
      },
      digests: async () => {
        order({ kind: 'end', id });
        await answered(() => stream.digests !== undefined);
        done();
        return stream.digests ?? [];
      },
      abandon: () => {
        order({ kind: 'abandon', id });
        done();
      },
    };
  }

  #least(): Thread {
    const idle = this.#threads.find(({ streams }) => streams.size === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < mostThreads) return this.#start();
    return this.#threads.reduce((a, b) => (b.streams.size < a.streams.size ? b : a));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./thread.ts', import.meta.url));
    const thread: Thread = { worker, streams: new Map() };
    worker.on('message', ({ id, digests }: Answer) => {
      const stream = thread.streams.get(id);
      if (stream === undefined) return;
      if (digests === undefined) stream.ahead -= 1;
      else stream.digests = digests;
      stream.wake();
    });
    const fail = (error: Error): void => {
      const at = this.#threads.indexOf(thread);
      if (at >= 0) this.#threads.splice(at, 1);
      for (const stream of thread.streams.values()) {
        stream.failure = error;
        stream.wake();
      }
    };
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`a hashing thread ended with ${code}`)));
    this.#threads.push(thread);
    return thread;
  }
}

/** A copy of its own, which can be handed over to another thread. */
function joined(pieces: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return data;
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

const threads = new HashThreads();

/** Beside this thread: for bodies of many MiB. */
export function hashBeside(algorithms: readonly Algorithm[]): Hasher {
  return threads.begin(algorithms);
}
