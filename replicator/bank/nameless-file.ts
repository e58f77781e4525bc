import { createHash } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Random } from '../../kernel/random.ts';
import { followed, provenBytes, type Written } from './proven-bytes.ts';

export interface Filled {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/**
 * A local file that lost its name when it was made: the system frees it when the process ends,
 * kill -9 included, so there is nothing to sweep after a crash.
 */
export class NamelessFile {
  readonly #file: FileHandle;
  #written: Written = { bytes: 0, crc: 0 };

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(dir: string, random: Random): Promise<NamelessFile> {
    await mkdir(dir, { recursive: true });
    const path = join(dir, `.spool-${random.id()}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new NamelessFile(file);
  }

  /** Replaces the whole content; called again after a failure it begins anew. Gives its bytes. */
  async fill(chunks: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<number> {
    await this.#file.truncate(0);
    this.#written = { bytes: 0, crc: 0 };
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      await this.#write(chunk, this.#written.bytes);
      this.#written = followed(this.#written, chunk);
    }
    return this.#written.bytes;
  }

  /** The same, hashed by the way. */
  async fillHashed(chunks: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<Filled> {
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    const hashed = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        md5.update(chunk);
        sha256.update(chunk);
        yield chunk;
      }
    };
    const bytes = await this.fill(hashed(), signal);
    return { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') };
  }

  /** From the first byte; errs at the end when it was not all that was written, and as it was. */
  read(): Readable {
    return Readable.from(provenBytes(this.#file, this.#written));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(chunk: Buffer, position: number): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const left = chunk.length - done;
      const { bytesWritten } = await this.#file.write(chunk, done, left, position + done);
      done += bytesWritten;
    }
  }
}
