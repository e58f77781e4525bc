import { Locks } from '../../store/locks.ts';

/** Room for one chunk, used by one backup at a time, whatever number of them is under way. */
export class ChunkMemory {
  readonly #locks = new Locks();
  #buffer: Buffer = Buffer.alloc(0);

  /** The buffer is the work's own until it is done. */
  use<T>(bytes: number, work: (buffer: Buffer) => Promise<T>): Promise<T> {
    return this.#locks.run('', () => {
      if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafeSlow(bytes);
      return work(this.#buffer.subarray(0, bytes));
    });
  }
}
