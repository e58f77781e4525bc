import type { Ambient } from '../../../kernel/ambient.ts';
import type { ByteBudget } from '../../transfer/byte-budget.ts';
import { ownBytes, type CatalogRow } from '../catalog/row.ts';

export interface RestoreDeps {
  readonly ambient: Ambient;
  readonly spoolDir: string;
  /** Objects that are held whole on their way out of the bank, of all restores. */
  readonly budget: ByteBudget;
}

const namesInNote = 5;

/** What a restore did, for the operator. */
export class RestoreTally {
  bytes = 0;
  objects = 0;
  reverted = 0;
  displaced = 0;
  readonly #notes = new Set<string>();
  readonly #counted = new Map<string, { count: number; readonly names: string[] }>();

  restored(row: CatalogRow): void {
    this.objects += 1;
    this.bytes += ownBytes(row);
  }

  /** It is left out, and the rest goes on: what is whole is worth recovering. */
  damaged(container: string, name: string, detail: string): void {
    this.noteObject(
      'are damaged in the bank and were not restored',
      `${container}/${name} (${detail})`,
    );
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  /** `what` follows a number of objects. */
  noteObject(what: string, name: string): void {
    const found = this.#counted.get(what) ?? { count: 0, names: [] };
    found.count += 1;
    if (found.names.length < namesInNote) found.names.push(name);
    this.#counted.set(what, found);
  }

  notes(): readonly string[] {
    const counted = [...this.#counted].map(
      ([what, { count, names }]) => `${count} objects ${what}: ${names.join(', ')}`,
    );
    return [...counted, ...this.#notes];
  }
}
