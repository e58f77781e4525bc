import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';
import type { CatalogRow } from './catalog.ts';

/** One name of either side: `found` of the listing, `expected` of the catalog; both where it is there. */
export type Pair =
  | {
      readonly state: 'same' | 'different';
      readonly expected: CatalogRow;
      readonly found: CatalogRow;
    }
  | { readonly state: 'missing'; readonly expected: CatalogRow }
  | { readonly state: 'unexpected'; readonly found: CatalogRow };

/** The objects below a prefix; none where the container does not exist. */
export async function* listPrefix(
  store: ObjectStore,
  container: string,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<CatalogRow> {
  try {
    for await (const { name, hash, bytes } of store.list(container, { prefix, signal }))
      yield { name, etag: hash, bytes };
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/** Merges two ordered streams by name, holding one row of each. */
export async function* pairUp(
  expected: AsyncIterable<CatalogRow>,
  found: AsyncIterable<CatalogRow>,
): AsyncGenerator<Pair> {
  const left = expected[Symbol.asyncIterator]();
  const right = found[Symbol.asyncIterator]();
  try {
    let a = await left.next();
    let b = await right.next();
    while (a.done !== true || b.done !== true) {
      const order = a.done === true ? 1 : b.done === true ? -1 : compareNames(a.value, b.value);
      if (order < 0 && a.done !== true) {
        yield { state: 'missing', expected: a.value };
        a = await left.next();
      } else if (order > 0 && b.done !== true) {
        yield { state: 'unexpected', found: b.value };
        b = await right.next();
      } else if (a.done !== true && b.done !== true) {
        const isSame = a.value.etag === b.value.etag && a.value.bytes === b.value.bytes;
        yield { state: isSame ? 'same' : 'different', expected: a.value, found: b.value };
        a = await left.next();
        b = await right.next();
      }
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

/** Swift orders by the bytes of UTF-8, which JavaScript's own comparison does not. */
function compareNames(a: CatalogRow, b: CatalogRow): number {
  if (a.name === b.name) return 0;
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}
