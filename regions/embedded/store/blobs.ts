import { createReadStream } from 'node:fs';
import { link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Random } from '../../../kernel/random.ts';
import { DiskFull } from './disk-full.ts';
import { hashBeside } from './hashing/hash-threads.ts';
import { type Algorithm, type Hasher, hashHere } from './hashing/hasher.ts';
import { SparseFile } from './sparse-file.ts';

/** Bytes held of one stream while it is written or read. */
const pieceBytes = 1 << 20;
/** From here on a body is hashed beside the thread that moves it. */
const largeBytes = 16 << 20;

export interface BlobsDeps {
  readonly directory: string;
  readonly random: Random;
  /** Asked before each piece is written. */
  readonly isFull: () => boolean;
}

export interface Blob {
  readonly id: string;
  readonly bytes: number;
  /** Of the algorithms asked for, in their order, hexadecimal. */
  readonly digests: readonly string[];
}

export interface WriteOptions {
  readonly algorithms: readonly Algorithm[];
  /** As announced; undefined when nobody knows. */
  readonly expectedBytes: number | undefined;
  readonly signal?: AbortSignal;
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

  /**
   * Streams into a new blob, hashing on the way. What fails leaves no file; the rest of the body is
   * read to nowhere, for to destroy it would end the connection it comes from. Throws DiskFull.
   */
  async write(body: Readable, options: WriteOptions): Promise<Blob> {
    const { algorithms, expectedBytes = 0 } = options;
    const id = await this.#newId();
    const hasher = expectedBytes < largeBytes ? hashHere(algorithms) : hashBeside(algorithms);
    const file = new SparseFile(this.path(id));
    try {
      const bytes = await this.#fill(file, body, hasher, options.signal);
      return { id, bytes, digests: await hasher.digests() };
    } catch (error) {
      hasher.abandon();
      body.resume();
      await this.remove(id);
      const hasNoSpace = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
      throw hasNoSpace ? new DiskFull() : error;
    } finally {
      await file.close();
    }
  }

  /** One piece is on its way to the disk while the next is read and hashed. */
  async #fill(
    file: SparseFile,
    body: Readable,
    hasher: Hasher,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let bytes = 0;
    let held: Buffer[] = [];
    let heldBytes = 0;
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const piece of body.iterator({
        destroyOnReturn: false,
      }) as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        if (this.#isFull()) throw new DiskFull();
        bytes += piece.length;
        heldBytes += piece.length;
        held.push(piece);
        if (heldBytes < pieceBytes) continue;
        await writing;
        writing = file.append(held, heldBytes);
        // Awaited with the next piece, which may be long in coming.
        writing.catch(() => undefined);
        await hasher.update(held);
        held = [];
        heldBytes = 0;
      }
    } finally {
      await writing.catch(() => undefined);
    }
    await writing;
    await hasher.update(held);
    await file.finish(held, heldBytes);
    return bytes;
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
