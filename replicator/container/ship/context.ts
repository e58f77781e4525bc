import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ListingRow, Written } from '../../../regions/object-store/types.ts';
import type { SessionContext } from '../../mover.ts';
import type { CatalogRow, RowKind } from '../catalog/row.ts';

/** One container on its way from source to mirror. */
export interface ShipContext {
  readonly ambient: Ambient;
  readonly session: SessionContext;
  readonly container: string;
  readonly mirror: string;
  /** A container in the source → where its mirror lies. */
  readonly mirrorOf: (container: string) => string;
  readonly tally: Tally;
}

/** What waits for what it refers to; `segments` are the containers in the source that it needs. */
export interface Pending {
  readonly name: string;
  readonly kind: Exclude<RowKind, 'plain'>;
  readonly source: ListingRow;
  readonly segments: readonly string[];
}

export type Outcome =
  | { readonly name: string; readonly row: CatalogRow }
  | { readonly name: string; readonly pending: Pending }
  /** Not in the source any more, or about to expire there. */
  | { readonly name: string; readonly absent: true };

/** What a reader of the point should know of how it came about. */
export class Tally {
  changed = 0;
  gone = 0;
  expiring = 0;
  readonly #unusable: string[] = [];
  #unusableCount = 0;

  unusable(object: string): void {
    this.#unusableCount += 1;
    if (this.#unusable.length < 5) this.#unusable.push(object);
  }

  notes(container: string): readonly string[] {
    const notes: string[] = [];
    if (this.changed > 0)
      notes.push(
        `${container}: ${this.changed} objects changed after the listing; the newer one was taken`,
      );
    if (this.gone > 0) notes.push(`${container}: ${this.gone} objects went after the listing`);
    if (this.expiring > 0)
      notes.push(
        `${container}: ${this.expiring} objects expired or were about to, and were left out`,
      );
    if (this.#unusableCount > 0)
      notes.push(
        `${container}: ${this.#unusableCount} objects point at what is missing, and were left out: ${this.#unusable.join(', ')}`,
      );
    return notes;
  }
}

/** The version that a write to the mirror made; a mirror that lost its versioning must not be filled. */
export function versionMade(written: Written, mirror: string, object: string): string {
  if (written.versionId !== undefined && written.versionId !== 'null') return written.versionId;
  throw new FarshoreError('the mirror made no version: its versioning was switched off', {
    code: 'container.mirror-unversioned',
    kind: 'transient',
    operation: 'write to mirror',
    subject: `${mirror}/${object}`,
    hint: 'the next session switches it on again; find out who switches it off',
  });
}
