import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import { decodeLines, encodeLines } from '../../bank/json-lines.ts';
import {
  altered,
  followed,
  proveBytes,
  provenBytes,
  type Written,
} from '../../bank/proven-bytes.ts';
import { sealed, unsealed } from './sealed-line.ts';
import type { ContainerCapture } from '../types.ts';

interface Spooled {
  readonly capture: ContainerCapture;
  /** The listing's file. */
  readonly listing: Written;
}

/**
 * What a capture leaves on the local disk: the listing, and a record that tells of it. Each is
 * written beside its place, synced and renamed; the listing first. Killed anywhere: there is a whole
 * record with its whole listing, or no record, and the container is captured again. So it is where the
 * record does not hold what was written, or is another container's.
 */
export class CaptureSpool {
  readonly #dir: string;
  readonly #container: string;
  readonly stem: string;

  constructor(dir: string, container: string) {
    this.#dir = dir;
    this.#container = container;
    this.stem = `container-${createHash('sha256').update(container).digest('hex').slice(0, 32)}`;
  }

  /** The listing's file name within the directory. */
  get name(): string {
    return `${this.stem}.jsonl`;
  }

  /** Null when there is none that holds what was written of this container. */
  async read(): Promise<ContainerCapture | null> {
    return (await this.#record())?.capture ?? null;
  }

  async writeListing(rows: AsyncIterable<ListingRow>): Promise<Written> {
    let written: Written = { bytes: 0, crc: 0 };
    const told = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of encodeLines(rows)) {
        written = followed(written, piece);
        yield piece;
      }
    };
    await this.#write(this.name, told());
    return written;
  }

  async writeRecord(spooled: Spooled): Promise<void> {
    await this.#write(this.#recordName, [
      Buffer.from(sealed(JSON.stringify(spooled), this.#container)),
    ]);
  }

  /** Throws `spool.altered`, at its end at the latest, when it is not what was written; the next capture is a new one. */
  async *listing(): AsyncGenerator<ListingRow> {
    const record = await this.#record();
    if (record === null) throw altered(`the record of ${this.name} is gone`);
    const file = await this.#openListing();
    try {
      yield* decodeLines(provenBytes(file, record.listing)) as AsyncGenerator<ListingRow>;
    } catch (error) {
      await rm(join(this.#dir, this.#recordName), { force: true });
      // What is no row any more fails before the end, and says less.
      await proveBytes(file, record.listing);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #openListing(): Promise<FileHandle> {
    try {
      return await open(join(this.#dir, this.name), 'r');
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await rm(join(this.#dir, this.#recordName), { force: true });
      throw altered(`${this.name} is gone`);
    }
  }

  /** With all files that begin as the listing's does: what was done for its objects. */
  async remove(): Promise<void> {
    await rm(join(this.#dir, this.#recordName), { force: true });
    const names = await readdir(this.#dir).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return [];
    });
    for (const name of names)
      if (name.startsWith(this.stem)) await rm(join(this.#dir, name), { force: true });
  }

  get #recordName(): string {
    return `${this.stem}.json`;
  }

  async #record(): Promise<Spooled | null> {
    try {
      const record = await readFile(join(this.#dir, this.#recordName), 'utf8');
      const text = unsealed(record, this.#container);
      return text === null ? null : (JSON.parse(text) as Spooled);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
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
