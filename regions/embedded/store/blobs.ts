import { type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Random } from '../../../kernel/random.ts';

/** Bytes held of one stream while it is written or read. */
const pieceBytes = 1 << 20;

export interface Blob {
  readonly id: string;
  readonly bytes: number;
}

/**
 * Bytes by id, a file each. Written first and named by a record afterwards: killed in between, the
 * file is nobody's and the next `sweep` removes it. A blob never changes.
 */
export class Blobs {
  readonly #directory: string;
  readonly #random: Random;
  readonly #made = new Set<string>();

  private constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#random = random;
  }

  static async open(directory: string, random: Random): Promise<Blobs> {
    await mkdir(directory, { recursive: true });
    return new Blobs(directory, random);
  }

  path(id: string): string {
    return join(this.#directory, id.slice(0, 2), id);
  }

  /** Streams into a new blob, updating the hashes. What fails leaves no file. */
  async write(body: Readable, hashes: readonly Hash[], signal?: AbortSignal): Promise<Blob> {
    const id = await this.#newId();
    let bytes = 0;
    const count = new Transform({
      highWaterMark: pieceBytes,
      transform(piece: Buffer, _encoding, done: TransformCallback) {
        bytes += piece.length;
        for (const hash of hashes) hash.update(piece);
        done(null, piece);
      },
    });
    const file = createWriteStream(this.path(id), { flags: 'wx', highWaterMark: pieceBytes });
    try {
      await pipeline(body, count, file, signal === undefined ? {} : { signal });
    } catch (error) {
      await this.remove(id);
      throw error;
    }
    return { id, bytes };
  }

  /** Of the bytes from `first` to `last`, both included. */
  read(id: string, range: { readonly first?: number; readonly last?: number } = {}): Readable {
    return createReadStream(this.path(id), {
      highWaterMark: pieceBytes,
      ...(range.first === undefined ? {} : { start: range.first }),
      ...(range.last === undefined ? {} : { end: range.last }),
    });
  }

  /** The same bytes under a new id, of its own life, without copying them. */
  async copy(id: string): Promise<string> {
    const copied = await this.#newId();
    await link(this.path(id), this.path(copied));
    return copied;
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  /** Removes every file whose id is not among these; only before anything is written. */
  async sweep(isKept: (id: string) => boolean): Promise<void> {
    for (const folder of await readdir(this.#directory))
      for (const id of await readdir(join(this.#directory, folder)))
        if (!isKept(id)) await this.remove(id);
  }

  async #newId(): Promise<string> {
    const id = this.#random.id();
    const folder = id.slice(0, 2);
    if (!this.#made.has(folder)) {
      await mkdir(join(this.#directory, folder), { recursive: true });
      this.#made.add(folder);
    }
    return id;
  }
}
