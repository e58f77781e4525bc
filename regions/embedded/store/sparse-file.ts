import { writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DiskFull } from './disk-full.ts';
import { isZero } from './zeros.ts';

/** Up to here it costs less to wait for the disk's cache than to hand the work to another thread. */
export const smallBytes = 64 * 1024;

/** A new file, written from its beginning to its end; runs of zeros become holes. Throws DiskFull. */
export class SparseFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #position = 0;
  #endsInHole = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The pieces may not change until it resolves. */
  async append(pieces: readonly Buffer[], bytes: number): Promise<void> {
    const position = this.#position;
    this.#position += bytes;
    this.#endsInHole = pieces.every((piece) => isZero(piece));
    this.#file ??= await open(this.#path, 'wx');
    if (this.#endsInHole) return;
    const { bytesWritten } = await this.#file.writev(pieces, position);
    if (bytesWritten < bytes) throw new DiskFull();
  }

  /** The last pieces, none among them. */
  async finish(pieces: readonly Buffer[], bytes: number): Promise<void> {
    if (this.#file === undefined && bytes <= smallBytes) {
      writeFileSync(this.#path, Buffer.concat(pieces), { flag: 'wx' });
      return;
    }
    if (bytes > 0) await this.append(pieces, bytes);
    if (this.#endsInHole) await this.#file?.truncate(this.#position);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
