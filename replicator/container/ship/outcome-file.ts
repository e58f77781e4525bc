import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { constants, createGunzip, createGzip } from 'node:zlib';
import type { Named } from '../catalog/merge.ts';

const chunkChars = 64 * 1024;

/**
 * What was done for each object that is not as it was, in the order of names. A named file, each piece
 * of it whole when it is written: a run after a kill reads what is there, up to where it breaks off,
 * and stores nothing again that is told of in it. Lost with the disk: it is read from the source again.
 */
export class OutcomeFile<T extends Named> {
  readonly #path: string;
  count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async write(outcomes: AsyncIterable<T>, signal: AbortSignal): Promise<void> {
    const counted = async function* (this: OutcomeFile<T>): AsyncGenerator<Buffer> {
      let lines = '';
      for await (const outcome of outcomes) {
        this.count += 1;
        lines += JSON.stringify(outcome) + '\n';
        if (lines.length < chunkChars) continue;
        yield Buffer.from(lines);
        lines = '';
      }
      if (lines !== '') yield Buffer.from(lines);
    };
    const gzip = createGzip({ level: 1, flush: constants.Z_SYNC_FLUSH });
    const file = createWriteStream(this.#path, { mode: 0o600 });
    await pipeline(Readable.from(counted.call(this)), gzip, file, { signal });
  }

  /** Ends quietly where the file does: one of a run that was killed ends anywhere. */
  async *rows(): AsyncGenerator<T> {
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    const decoder = new StringDecoder('utf8');
    let rest = '';
    const chunks = createReadStream(this.#path).pipe(gunzip);
    try {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        const lines = (rest + decoder.write(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as T;
      }
    } finally {
      gunzip.destroy();
    }
  }
}

/** Those of one container in a session's spool directory: of this run, and of earlier ones that broke off. */
export class OutcomeFiles<T extends Named> {
  readonly #dir: string;
  readonly #stem: string;

  constructor(dir: string, stem: string) {
    this.#dir = dir;
    this.#stem = `${stem}-shipped-`;
  }

  async earlier(): Promise<readonly OutcomeFile<T>[]> {
    return (await this.#names()).map((name) => new OutcomeFile<T>(join(this.#dir, name)));
  }

  async next(): Promise<OutcomeFile<T>> {
    const numbers = (await this.#names()).map((name) => Number(name.slice(this.#stem.length)));
    await mkdir(this.#dir, { recursive: true });
    return new OutcomeFile<T>(join(this.#dir, `${this.#stem}${Math.max(0, ...numbers) + 1}`));
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#dir)).filter((name) => name.startsWith(this.#stem)).sort();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}
