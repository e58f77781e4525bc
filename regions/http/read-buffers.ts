import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { madeOutsideHeap } from '../../kernel/outside-heap.ts';

/** Twice what Node itself takes from a socket at once: half the reads and writes. Of TLS it is a record at most. */
const readBytes = { 'http:': 128 * 1024, 'https:': 16 * 1024 } as const;

/** Kept of a size for the next reads. */
const freeAtMost = 128;

/**
 * What sockets read into. Node makes a buffer of 64 KiB for each read, and getting rid of them is half of the
 * CPU that a large transfer takes. Here the next read goes into a buffer whose last content was sent on, once
 * whoever sent it has given it back. One that nobody gives back is collected like any other, so to forget it
 * is no fault; to give back what somebody still looks at would be, and only `Upload` does it.
 */
export class ReadBuffers {
  readonly #free = new Map<number, Buffer[]>();
  /** Of those on their way through the process: how much was read into each. */
  readonly #lent = new WeakMap<ArrayBufferLike, number>();

  /** undici's connector, whose sockets read into these. */
  connector(options: buildConnector.BuildOptions): buildConnector.connector {
    return (to, callback) => {
      const size = to.protocol === 'https:' ? readBytes['https:'] : readBytes['http:'];
      let socket: Socket | undefined;
      let current: Buffer | undefined;
      const onread = {
        buffer: () => (current ??= this.#take(size)),
        callback: (bytes: number, into: Uint8Array): boolean => {
          if (socket === undefined) throw new Error('a socket read before it was connected');
          // Not worth a buffer: what is small is kept by whoever wants it as long as it likes.
          if (bytes < size / 4) return socket.push(this.#copyOf(into, bytes));
          current = undefined;
          this.#lent.set(into.buffer, bytes);
          return socket.push(into.subarray(0, bytes));
        },
      };
      // One each, since Node does not tell these functions which socket it is.
      buildConnector({ ...options, onread })(to, (...[error, connected]) => {
        if (error !== null) {
          callback(error, null);
          return;
        }
        socket = connected;
        callback(null, connected);
      });
    };
  }

  /** Only of what nobody will look at any more. It is taken where it is all that one read brought. */
  giveBack(piece: Buffer): void {
    const { buffer, byteOffset, length } = piece;
    if (byteOffset !== 0 || this.#lent.get(buffer) !== length) return;
    this.#lent.delete(buffer);
    const free = this.#free.get(buffer.byteLength) ?? [];
    this.#free.set(buffer.byteLength, free);
    if (free.length < freeAtMost) free.push(Buffer.from(buffer));
  }

  #take(size: number): Buffer {
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) return free;
    madeOutsideHeap(size);
    return Buffer.allocUnsafeSlow(size);
  }

  #copyOf(read: Uint8Array, bytes: number): Buffer {
    madeOutsideHeap(bytes);
    return Buffer.from(read.subarray(0, bytes));
  }
}
