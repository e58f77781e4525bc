import type { CatalogRef } from '../../bank/bank.ts';
import { partsOf, type ContainerCopy } from '../types.ts';
import { mergeByName } from './merge.ts';
import type { CatalogRow } from './row.ts';

/** Read together; more hold more files open than it is worth. */
const readTogether = 64;

/** A row with bytes of its own in the bank. */
export type RowWithBytes = CatalogRow & { readonly key: string };

/**
 * What the copies' catalogs name in the bank, one row for each key. Points of one container mostly name
 * the same key under the same name: read side by side, it is given once for all of them, so that what
 * comes out grows with what changed and not with the points. In no order, and what several names or
 * containers share comes for each of them.
 */
export async function* storedOnce(
  copies: readonly ContainerCopy[],
  rowsOf: (catalog: CatalogRef) => AsyncIterable<CatalogRow>,
): AsyncGenerator<RowWithBytes> {
  for (const catalogs of byContainer(copies))
    for (let first = 0; first < catalogs.length; first += readTogether) {
      const streams = catalogs.slice(first, first + readTogether).map(rowsOf);
      for await (const { groups } of mergeByName(...streams)) {
        const rows = new Map<string, RowWithBytes>();
        for (const row of groups.flat()) if (hasBytes(row)) rows.set(row.key, row);
        yield* rows.values();
      }
    }
}

/** Those of the rows whose bytes lie under one of these keys. */
export async function* rowsUnder(
  keys: { readonly has: (key: string) => boolean },
  rows: AsyncIterable<CatalogRow>,
): AsyncGenerator<RowWithBytes> {
  for await (const row of rows) if (hasBytes(row) && keys.has(row.key)) yield row;
}

export function hasBytes(row: CatalogRow): row is RowWithBytes {
  return row.key !== undefined;
}

function byContainer(copies: readonly ContainerCopy[]): Iterable<readonly CatalogRef[]> {
  const found = new Map<string, Map<string, CatalogRef>>();
  for (const { container, catalog } of copies.flatMap(partsOf)) {
    const catalogs = found.get(container) ?? new Map<string, CatalogRef>();
    found.set(container, catalogs.set(catalog.sha256, catalog));
  }
  return [...found.values()].map((catalogs) => [...catalogs.values()]);
}
