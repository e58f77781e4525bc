import { type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Random } from '../../../kernel/random.ts';
import { DiskFull } from './disk-full.ts';

/** Bytes held of one stream while it is written or read. */
const pieceBytes = 1 << 20;

export interface BlobsDeps {
  readonly directory: string;
  readonly random: Random;
  /** Asked before each piece is written. */
  readonly isFull: () => boolean;
}

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
  readonly #isFull: () => boolean;
  readonly #made = new Set<string>();

  private constructor(deps: BlobsDeps) {
    this.#directory = deps.directory;
    this.#random = deps.random;
    this.#isFull = deps.isFull;
  }

  static async open(deps: BlobsDeps): Promise<Blobs> {
    await mkdir(deps.directory, { recursive: true });
    return new Blobs(deps);
  }

  path(id: string): string {
    return join(this.#directory, id.slice(0, 2), id);
  }

  /** Streams into a new blob, updating the hashes. What fails leaves no file. Throws DiskFull. */
  async write(body: Readable, hashes: readonly Hash[], signal?: AbortSignal): Promise<Blob> {
    const id = await this.#newId();
    const isFull = this.#isFull;
    let bytes = 0;
    const count = new Transform({
      highWaterMark: pieceBytes,
      transform(piece: Buffer, _encoding, done: TransformCallback) {
        if (isFull()) return done(new DiskFull());
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
