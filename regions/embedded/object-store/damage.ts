import { rmSync } from 'node:fs';
import { copyFile, open, rename, truncate } from 'node:fs/promises';
import type { Blobs } from '../store/blobs.ts';
import type { Table, Tables } from '../store/tables.ts';

export type DamageKind = 'alter' | 'truncate' | 'delete';

/**
 * Bytes at rest that a bad disk spoiled. What is short or missing shows at once. What is altered is
 * read to its end, and only then does Swift see that the checksum is wrong and puts it aside: it is
 * gone for the next reader.
 */
export class Damage {
  readonly #blobs: Blobs;
  readonly #tables: Tables;
  readonly #table: Table<true>;
  readonly #altered = new Set<string>();

  constructor(tables: Tables, blobs: Blobs) {
    this.#tables = tables;
    this.#blobs = blobs;
    this.#table = tables.table('altered-blob');
  }

  async load(): Promise<void> {
    for await (const [blob] of this.#table.range()) this.#altered.add(blob);
  }

  async spoil(blob: string, kind: DamageKind): Promise<void> {
    if (kind === 'delete') return this.#blobs.remove(blob);
    const path = this.#blobs.path(blob);
    // The bytes may be shared with a copy of the object, which has another disk.
    const own = `${path}.spoiled`;
    await copyFile(path, own);
    if (kind === 'truncate') await halve(own);
    else await flipOneByte(own);
    await rename(own, path);
    if (kind !== 'alter') return;
    this.#altered.add(blob);
    await this.#tables.commit([this.#table.put(blob, true)]);
  }

  wasReadWhole(blob: string): void {
    if (!this.#altered.delete(blob)) return;
    // Closed in between: the bytes are gone, and a line about them that stays does no harm.
    rmSync(this.#blobs.path(blob), { force: true });
    void this.#tables.commit([this.#table.del(blob)]).catch(() => undefined);
  }
}

async function halve(path: string): Promise<void> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  await file.close();
  await truncate(path, Math.floor(size / 2));
}

async function flipOneByte(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const at = Math.floor(size / 2);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 0xff;
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}
