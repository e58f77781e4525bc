import type { Ambient } from '../../../kernel/ambient.ts';
import type { CatalogRow } from '../catalog/row.ts';
import { kindOf } from '../catalog/row.ts';

export interface RestoreDeps {
  readonly ambient: Ambient;
  readonly spoolDir: string;
  readonly atOnce: number;
}

/** What a restore did, for the operator. */
export class RestoreTally {
  bytes = 0;
  objects = 0;
  reverted = 0;
  removed = 0;
  readonly #notes: string[] = [];

  restored(row: CatalogRow): void {
    this.objects += 1;
    if (kindOf(row) === 'plain') this.bytes += row.bytes;
  }

  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  summary(): readonly string[] {
    const done: string[] = [];
    if (this.reverted > 0)
      done.push(`${this.reverted} objects were taken back to the point's version`);
    if (this.removed > 0)
      done.push(
        `${this.removed} objects that the point does not know were deleted; versions are kept`,
      );
    return done;
  }

  notes(): readonly string[] {
    return this.#notes;
  }
}
