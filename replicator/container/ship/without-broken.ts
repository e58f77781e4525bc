import { mergeByName } from '../catalog/merge.ts';
import type { CatalogRow } from '../catalog/row.ts';
import type { SortedRows } from '../catalog/sort.ts';
import type { Broken } from './references.ts';
import type { Tally } from './tally.ts';

interface Order {
  readonly container: string;
  readonly broken: SortedRows<Broken>;
  /** Something that was referred to is missing because it could not be read. */
  readonly isLackingBelow: boolean;
  readonly tally: Tally;
}

/**
 * The rows without what can be made only of things that the point does not have; says so of all that
 * dangles. `look` sees every row.
 */
export async function* withoutBroken(
  all: AsyncIterable<CatalogRow>,
  { container, broken, isLackingBelow, tally }: Order,
  look: (row: CatalogRow) => void,
): AsyncGenerator<CatalogRow> {
  const own = ownedBy(broken.rows(), container);
  for await (const { groups } of mergeByName<[CatalogRow, Broken]>(all, own)) {
    const [rows, faults] = groups;
    const row = rows.at(-1);
    if (row === undefined) continue;
    const account = row.headers?.['x-symlink-target-account'];
    if (account !== undefined)
      tally.note('are links into another account, of which nothing is carried', row.name);
    look(row);
    const [fault] = faults;
    if (fault === undefined) {
      yield row;
    } else if (!faults.some(({ isFirm }) => isFirm)) {
      tally.note(`refer to what does not exist in the source (such as ${fault.target})`, row.name);
      yield row;
    } else if (isLackingBelow) {
      tally.lack(`${container}/${row.name}`, `${fault.target}, which it needs, could not be read`);
    } else {
      tally.note('point at what is missing or another in the source, and were left out', row.name);
    }
  }
}

async function* ownedBy(rows: AsyncIterable<Broken>, container: string): AsyncGenerator<Broken> {
  for await (const row of rows) if (row.ownerContainer === container) yield row;
}
