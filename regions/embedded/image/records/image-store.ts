import { isoTime } from '../../../../kernel/clock.ts';
import { Blobs } from '../../store/blobs.ts';
import { Locks } from '../../store/locks.ts';
import { type Table, Tables } from '../../store/tables.ts';
import type { ServiceDeps } from '../../service-deps.ts';
import type { ImageRow } from './image-row.ts';

/** The images of a region and their data. */
export class ImageStore {
  readonly blobs: Blobs;
  readonly #deps: ServiceDeps;
  readonly #tables: Tables;
  readonly #images: Table<ImageRow>;
  /** Ids of deleted images, by when: Glance gives none of them out again. */
  readonly #deleted: Table<string>;
  readonly #locks = new Locks();

  private constructor(deps: ServiceDeps, tables: Tables, blobs: Blobs) {
    this.#deps = deps;
    this.#tables = tables;
    this.#images = tables.table('image');
    this.#deleted = tables.table('deleted');
    this.blobs = blobs;
  }

  /**
   * An image whose upload or staging was under way when the process ended keeps its status, as
   * Glance's does: it can only be deleted. The bytes that had come are removed.
   */
  static async open(deps: ServiceDeps): Promise<ImageStore> {
    const tables = await Tables.open(`${deps.directory}/tables`);
    const blobs = await Blobs.open({
      directory: `${deps.directory}/blobs`,
      random: deps.ambient.random,
      isFull: () => deps.faults.conditions.isDiskFull,
    });
    const store = new ImageStore(deps, tables, blobs);
    await store.#sweep();
    return store;
  }

  /** The region's time, in whole seconds. */
  now(): string {
    return isoTime(this.#deps.ambient.clock.now()).replace(/\.\d+Z$/, 'Z');
  }

  /** A fresh id of version 4. */
  newId(): string {
    const { random } = this.#deps.ambient;
    const hex = (random.id() + random.id()).replace(/^(.{12}).(.{3})./, '$14$2a');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  get(id: string): Promise<ImageRow | undefined> {
    return this.#images.get(id);
  }

  async *all(): AsyncGenerator<ImageRow, void, undefined> {
    for await (const [, row] of this.#images.range()) yield row;
  }

  /** False when the id is or was an image's. */
  add(row: ImageRow): Promise<boolean> {
    return this.#locks.run(row.id, async () => {
      const isTaken =
        (await this.#images.get(row.id)) !== undefined ||
        (await this.#deleted.get(row.id)) !== undefined;
      if (!isTaken) await this.#tables.commit([this.#images.put(row.id, row)]);
      return !isTaken;
    });
  }

  /** Replaces the row by what `next` makes of it; what it throws leaves all as it was. */
  change(id: string, next: (row: ImageRow | undefined) => ImageRow): Promise<ImageRow> {
    return this.#locks.run(id, async () => {
      const row = next(await this.#images.get(id));
      await this.#tables.commit([this.#images.put(id, row)]);
      return row;
    });
  }

  /** With its data; `checked` gives the row back, or throws when it may not be. */
  async delete(id: string, checked: (row: ImageRow | undefined) => ImageRow): Promise<void> {
    const row = await this.#locks.run(id, async () => {
      const held = checked(await this.#images.get(id));
      await this.#tables.commit([this.#images.del(id), this.#deleted.put(id, this.now())]);
      return held;
    });
    for (const data of [row.data, row.staged]) if (data !== null) await this.blobs.remove(data.id);
  }

  async close(): Promise<void> {
    await this.#tables.close();
  }

  async #sweep(): Promise<void> {
    const named = new Set<string>();
    for await (const { data, staged } of this.all())
      for (const each of [data, staged]) if (each !== null) named.add(each.id);
    await this.blobs.sweep((id) => named.has(id));
  }
}
