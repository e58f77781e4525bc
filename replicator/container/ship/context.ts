import type { Ambient } from '../../../kernel/ambient.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { StoredObjects } from '../../bank/stored-objects.ts';
import type { SessionContext } from '../../mover.ts';
import type { ByteBudget } from '../../transfer/byte-budget.ts';
import type { Pace } from '../../transfer/pace.ts';
import type { CatalogRow } from '../catalog/row.ts';
import type { ContentIndex } from './content-index.ts';
import type { Tally } from './tally.ts';
import type { Trouble } from './trouble.ts';

/** One container on its way from the source into the bank. */
export interface ShipContext {
  readonly ambient: Ambient;
  readonly session: SessionContext;
  readonly container: string;
  readonly stored: StoredObjects;
  readonly pace: Pace;
  readonly budget: ByteBudget;
  readonly contents: ContentIndex;
  readonly trouble: Trouble;
  readonly tally: Tally;
  /** Keys that are known to be damaged in the bank; what lies there is not to be trusted, whatever a HEAD says. */
  readonly isDamagedKey: (key: string) => boolean;
}

/** Its bytes, if it has any, are in the bank. */
export interface Stored {
  readonly name: string;
  readonly row: CatalogRow;
}

export type Outcome =
  | Stored
  /** Not in the source any more, about to expire there, or cannot be had. */
  | { readonly name: string; readonly absent: true }
  /** It failed in a way that may pass. */
  | { readonly name: string; readonly later: ListingRow; readonly code: string };

export function rowOfOutcome(outcome: Outcome): CatalogRow | undefined {
  return 'row' in outcome ? outcome.row : undefined;
}
