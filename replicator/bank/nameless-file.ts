import { createHash } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Random } from '../../kernel/random.ts';

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

  /** Replaces the whole content; called again after a failure it begins anew. */
  async fill(chunks: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<Filled> {
    await this.#file.truncate(0);
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    let bytes = 0;
    const target = this.#file.createWriteStream({ start: 0, autoClose: false });
    const hashed = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        md5.update(chunk);
        sha256.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(hashed, target, signal === undefined ? {} : { signal });
    return { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') };
  }

  /** From the first byte; may be called again once the last reader ended. */
  read(): Readable {
    return this.#file.createReadStream({ start: 0, autoClose: false });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
