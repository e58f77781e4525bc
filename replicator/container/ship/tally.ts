import type { Lack } from '../../mover.ts';

/** More say nothing new, and a manifest has to be held in memory. */
export const lacksKept = 1_000;
const namesInNote = 5;

/** What a reader of the point should know of how it came about. */
export class Tally {
  changed = 0;
  gone = 0;
  expiring = 0;
  lacking = 0;
  readonly lacks: Lack[] = [];
  readonly #notes = new Map<string, { count: number; readonly names: string[] }>();

  lack(object: string, reason: string): void {
    this.lacking += 1;
    if (this.lacks.length < lacksKept) this.lacks.push({ object, reason });
  }

  /** `what` follows a number of objects: `refer to …`. */
  note(what: string, name: string): void {
    const found = this.#notes.get(what) ?? { count: 0, names: [] };
    found.count += 1;
    if (found.names.length < namesInNote) found.names.push(name);
    this.#notes.set(what, found);
  }

  notes(container: string): readonly string[] {
    const notes: string[] = [];
    const counted = (count: number, what: string): void => {
      if (count > 0) notes.push(`${container}: ${count} objects ${what}`);
    };
    counted(this.changed, 'changed after the listing; the newer one was taken');
    counted(this.gone, 'went after the listing');
    counted(this.expiring, 'expired or were about to, and were left out');
    for (const [what, { count, names }] of this.#notes)
      notes.push(`${container}: ${count} objects ${what}: ${names.join(', ')}`);
    return notes;
  }
}
