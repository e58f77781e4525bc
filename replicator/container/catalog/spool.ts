import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import { packRows, unpackRows } from '../../bank/json-lines.ts';
import type { ContainerCapture } from '../types.ts';

/**
 * What a capture leaves on the local disk: the listing, and a record that tells of it. Each is
 * written beside its place, synced and renamed; the listing first. Killed anywhere: there is a whole
 * record with its whole listing, or no record, and the container is captured again.
 */
export class CaptureSpool {
  readonly #dir: string;
  readonly stem: string;

  constructor(dir: string, container: string) {
    this.#dir = dir;
    this.stem = `container-${createHash('sha256').update(container).digest('hex').slice(0, 32)}`;
  }

  /** The listing's file name within the directory. */
  get name(): string {
    return `${this.stem}.jsonl.gz`;
  }

  /** Null when there is none. */
  async read(): Promise<ContainerCapture | null> {
    try {
      const record = await readFile(join(this.#dir, `${this.stem}.json`), 'utf8');
      return JSON.parse(record) as ContainerCapture;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async writeListing(rows: AsyncIterable<ListingRow>): Promise<void> {
    await this.#write(this.name, packRows(rows, 'quick'));
  }

  async writeRecord(capture: ContainerCapture): Promise<void> {
    await this.#write(`${this.stem}.json`, [Buffer.from(JSON.stringify(capture))]);
  }

  listing(): AsyncGenerator<ListingRow> {
    const file = createReadStream(join(this.#dir, this.name));
    return unpackRows(file) as AsyncGenerator<ListingRow>;
  }

  /** With all files that begin as the listing's does: what was done for its objects. */
  async remove(): Promise<void> {
    await rm(join(this.#dir, `${this.stem}.json`), { force: true });
    const names = await readdir(this.#dir).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return [];
    });
    for (const name of names)
      if (name.startsWith(this.stem)) await rm(join(this.#dir, name), { force: true });
  }

  async #write(name: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const path = join(this.#dir, name);
    const file = await open(`${path}.part`, 'w', 0o600);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
    const dir = await open(this.#dir, 'r');
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
