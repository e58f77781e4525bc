import { closeAll, settleInRounds } from '../catalog/rounds.ts';
import type { CatalogRow, RowKind } from '../catalog/row.ts';
import type { Concurrency } from '../../transfer/pace.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';
import { isUnresolved } from './place.ts';

interface Referring {
  /** Its name in the source. */
  readonly container: string;
  /** Those of these kinds that are to be placed, ordered by name; asked for again and again. */
  readonly rows: (kinds: readonly RowKind[]) => AsyncIterable<CatalogRow>;
  readonly attempt: (row: CatalogRow, signal: AbortSignal) => Promise<void>;
}

/** What may refer to what comes before it; a DLO, which Swift takes as it is, needs no turn of its own. */
const turns: readonly (readonly RowKind[])[] = [['dlo', 'slo'], ['symlink']];

/**
 * Places what refers to other objects, each when these are there: Swift refuses a manifest whose segments
 * are not, and a static symlink whose target is not. Placing one again changes nothing. What no round could
 * place is noted; all other errors of `attempt` are thrown.
 */
export async function placeReferring(
  { container, rows, attempt }: Referring,
  tally: RestoreTally,
  atOnce: number | Concurrency,
  deps: RestoreDeps,
  signal: AbortSignal,
): Promise<void> {
  const files = await settleInRounds<CatalogRow, CatalogRow>({
    spoolDir: deps.spoolDir,
    random: deps.ambient.random,
    signal,
    atOnce,
    kinds: turns.map((kinds) => () => rows(kinds)),
    attempt: async (row, inner) => {
      try {
        await attempt(row, inner);
        return row;
      } catch (error) {
        if (isUnresolved(error)) return 'unresolved';
        throw error;
      }
    },
    giveUp: (row) => {
      const what = 'were refused, since what they are made of is not there as it was';
      tally.noteObject(what, `${container}/${row.name}`);
      return Promise.resolve(row);
    },
  });
  await closeAll(files);
}
