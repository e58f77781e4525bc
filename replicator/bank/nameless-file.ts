import { createHash } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Random } from '../../kernel/random.ts';

const chunkBytes = 64 * 1024;

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
  /** Of what was written. */
  #bytes = 0;
  #crc = 0;

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
    this.#bytes = 0;
    this.#crc = 0;
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      await this.#write(chunk, this.#bytes);
      this.#bytes += chunk.length;
      this.#crc = crc32(chunk, this.#crc);
    }
    return this.#bytes;
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
    return Readable.from(this.#chunks());
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    let crc = 0;
    for (let position = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, position);
      if (bytesRead === 0) {
        if (position !== this.#bytes || crc !== this.#crc) throw altered(position, this.#bytes);
        return;
      }
      const piece = chunk.subarray(0, bytesRead);
      crc = crc32(piece, crc);
      yield piece;
      position += bytesRead;
    }
  }

  async #write(chunk: Buffer, position: number): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const left = chunk.length - done;
      const { bytesWritten } = await this.#file.write(chunk, done, left, position + done);
      done += bytesWritten;
    }
  }
}

function altered(found: number, written: number): FarshoreError {
  const difference =
    found === written ? 'at least a byte differs' : `${found} of ${written} bytes were read`;
  return new FarshoreError(
    `a file on the local disk does not hold what was written to it: ${difference}`,
    {
      code: 'spool.altered',
      kind: 'transient',
      operation: 'read spooled rows',
      hint: "look at the disk under dataDir, and at the kernel's log",
    },
  );
}
