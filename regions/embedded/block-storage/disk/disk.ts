import type { FileHandle } from 'node:fs/promises';
import { DiskFull } from '../../store/disk-full.ts';
import { holeBytes, isZero } from '../../store/zeros.ts';

/** Large: most pieces are holes, and each costs a turn of the event loop. */
const pieceBytes = 1 << 23;

export interface Piece {
  readonly position: number;
  /** Only until the next one is asked for. */
  readonly data: Buffer;
}

/** One raw file, read and written at positions. */
export class Disk {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  readonly #isFull: () => boolean;

  constructor(file: FileHandle, sizeBytes: number, isFull: () => boolean) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.#isFull = isFull;
  }

  /** All of it in order. */
  async *pieces(signal: AbortSignal, bytes = pieceBytes): AsyncGenerator<Piece, void, undefined> {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let position = 0; position < this.sizeBytes; position += bytes) {
      signal.throwIfAborted();
      yield { position, data: await this.read(buffer, position) };
    }
  }

  /** Fills the buffer from there on; less at the end. */
  async read(buffer: Buffer, position: number): Promise<Buffer> {
    let filled = 0;
    while (filled < buffer.length) {
      const length = Math.min(buffer.length - filled, pieceBytes);
      const { bytesRead } = await this.#file.read(buffer, filled, length, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  /** Throws DiskFull, and past the disk's end as a device would. */
  async write(position: number, data: Buffer): Promise<void> {
    if (this.#isFull() || position < 0 || position + data.length > this.sizeBytes)
      throw new DiskFull();
    for (let done = 0; done < data.length;) {
      const { bytesWritten } = await this.#file.write(data, done, undefined, position + done);
      done += bytesWritten;
    }
  }

  /** As `write`, where the disk holds nothing but zeros yet: those of the data are left out. */
  async writeOverZeros(position: number, data: Buffer): Promise<void> {
    let start = 0;
    for (let at = 0; at < data.length; at += holeBytes) {
      const end = Math.min(at + holeBytes, data.length);
      if (!isZero(data.subarray(at, end))) continue;
      if (start < at) await this.write(position + start, data.subarray(start, at));
      start = end;
    }
    if (start < data.length) await this.write(position + start, data.subarray(start));
  }

  /** All zeros again, and no space taken. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.truncate(this.sizeBytes);
  }

  /** As a file that is opened to be written anew: no bytes at all. */
  async empty(): Promise<void> {
    await this.#file.truncate(0);
  }

  /** At least so long; what is new reads as zeros. */
  async reachTo(bytes: number): Promise<void> {
    if ((await this.#file.stat()).size < bytes) await this.#file.truncate(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
