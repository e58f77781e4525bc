import type { Random } from '../../../kernel/random.ts';
import { compareNames } from '../../../regions/object-store/names.ts';
import { mergeByName, type Named } from './merge.ts';
import { RowFile } from './row-file.ts';

/** Rows held at once; some tens of megabytes at the most. */
const heldRows = 100_000;
/** Files that are read at once; more are merged into one first. */
const mostFiles = 32;

export interface SortPlace {
  readonly spoolDir: string;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Sorted rows on the local disk, to be read as often as wanted. Dispose of it at the end. */
export class SortedRows<T extends Named> {
  readonly #files: readonly RowFile<T>[];

  constructor(files: readonly RowFile<T>[]) {
    this.#files = files;
  }

  get count(): number {
    return this.#files.reduce((sum, { count }) => sum + count, 0);
  }

  rows(): AsyncGenerator<T> {
    return merged(this.#files);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files) await file[Symbol.asyncDispose]();
  }
}

/** Sorts by the UTF-8 bytes of the name in bounded memory: runs of it on disk, merged as they are read. */
export async function sortOnDisk<T extends Named>(
  rows: AsyncIterable<T>,
  place: SortPlace,
): Promise<SortedRows<T>> {
  let files: RowFile<T>[] = [];
  let held: T[] = [];
  const put = async (run: AsyncIterable<T> | Iterable<T>): Promise<RowFile<T>> =>
    await RowFile.write<T>(place.spoolDir, place.random, run, place.signal);
  const spill = async (): Promise<void> => {
    files.push(await put(held.sort((a, b) => compareNames(a.name, b.name))));
    held = [];
    if (files.length < mostFiles) return;
    const whole = await put(merged(files));
    for (const file of files) await file[Symbol.asyncDispose]();
    files = [whole];
  };
  try {
    for await (const row of rows) {
      held.push(row);
      if (held.length >= heldRows) await spill();
    }
    if (held.length > 0) await spill();
    return new SortedRows(files);
  } catch (error) {
    for (const file of files) await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function* merged<T extends Named>(files: readonly RowFile<T>[]): AsyncGenerator<T> {
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    yield* only.rows();
    return;
  }
  for await (const { groups } of mergeByName<T[]>(...files.map((file) => file.rows())))
    for (const group of groups) yield* group;
}
