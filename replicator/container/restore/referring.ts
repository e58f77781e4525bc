import { closeAll, settleInRounds } from '../catalog/rounds.ts';
import { kindOf, type CatalogRow } from '../catalog/row.ts';
import type { Concurrency } from '../../transfer/pace.ts';
import type { RestoreDeps } from './deps.ts';
import { isUnresolved } from './place.ts';

type PlaceRow = (row: CatalogRow, signal: AbortSignal) => Promise<void>;

/**
 * Places what refers to other objects, each when these are there: Swift refuses a manifest whose segments
 * are not, and a static symlink whose target is not; a DLO it takes as it is. Placing one again changes
 * nothing. Rows that no round could place go to `giveUp`; all other errors of `attempt` are thrown.
 */
export async function placeReferring(
  rows: () => AsyncIterable<CatalogRow>,
  place: { readonly attempt: PlaceRow; readonly giveUp: PlaceRow },
  atOnce: number | Concurrency,
  deps: RestoreDeps,
  signal: AbortSignal,
): Promise<void> {
  const files = await settleInRounds<CatalogRow, CatalogRow>({
    spoolDir: deps.spoolDir,
    random: deps.ambient.random,
    signal,
    atOnce,
    kinds: (['dlo', 'slo', 'symlink'] as const).map((kind) => () => ofKind(rows(), kind)),
    attempt: async (row, inner) => {
      try {
        await place.attempt(row, inner);
        return row;
      } catch (error) {
        if (isUnresolved(error)) return 'unresolved';
        throw error;
      }
    },
    giveUp: async (row, inner) => {
      await place.giveUp(row, inner);
      return row;
    },
  });
  await closeAll(files);
}

async function* ofKind(
  rows: AsyncIterable<CatalogRow>,
  kind: ReturnType<typeof kindOf>,
): AsyncGenerator<CatalogRow> {
  for await (const row of rows) if (kindOf(row) === kind) yield row;
}
