import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Faults } from '../../faults/faults.ts';
import { Disk } from './disk.ts';

export const gibBytes = 1024 ** 3;

/** The bytes of volumes and snapshots: a sparse raw file each, named by the id. */
export class Disks {
  readonly #directory: string;
  readonly #faults: Faults;

  private constructor(directory: string, faults: Faults) {
    this.#directory = directory;
    this.#faults = faults;
  }

  static async open(directory: string, faults: Faults): Promise<Disks> {
    await mkdir(directory, { recursive: true });
    return new Disks(directory, faults);
  }

  path(id: string): string {
    return join(this.#directory, id);
  }

  /** A new one, all zeros; one that is left of an earlier attempt is emptied. */
  async create(id: string, sizeGib: number): Promise<void> {
    await using file = await open(this.path(id), 'w');
    await file.truncate(sizeGib * gibBytes);
  }

  /** Extends with zeros. */
  async grow(id: string, sizeGib: number): Promise<void> {
    await using file = await open(this.path(id), 'r+');
    await file.truncate(sizeGib * gibBytes);
  }

  /** For reading and writing; whoever opens it closes it. */
  async use(id: string): Promise<Disk> {
    const file = await open(this.path(id), 'r+');
    return new Disk(file, (await file.stat()).size, () => this.#faults.conditions.isDiskFull);
  }

  /** The same bytes under another id, at least as large; holes stay holes. */
  async copy(from: string, to: string, sizeGib: number, signal: AbortSignal): Promise<void> {
    await this.create(to, sizeGib);
    await using source = await this.use(from);
    await using target = await this.use(to);
    for await (const { position, data } of source.pieces(signal))
      await target.writeOverZeros(position, data);
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  /** Removes what no record names. */
  async sweep(isKept: (id: string) => Promise<boolean>): Promise<void> {
    for (const id of await readdir(this.#directory)) if (!(await isKept(id))) await this.remove(id);
  }
}
