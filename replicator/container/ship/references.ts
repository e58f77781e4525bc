import type { ListingRow } from '../../../regions/object-store/types.ts';
import { mergeByName } from '../catalog/merge.ts';
import { kindOf, referencesOf, type CatalogRow, type Reference } from '../catalog/row.ts';
import { sortOnDisk, type SortedRows, type SortPlace } from '../catalog/sort.ts';

/** One reference and whose it is; sorted by what it refers to: `name` is `container/object`. */
export interface RefRow extends Reference {
  readonly owner: string;
  readonly ownerContainer: string;
  /** The reference's own name within its container; `name` is the key that it is sorted by. */
  readonly object: string;
}

export interface RowsOf {
  readonly container: string;
  readonly rows: () => AsyncIterable<CatalogRow>;
}

/** All that the rows refer to, sorted. */
export async function collectReferences(
  sources: readonly RowsOf[],
  place: SortPlace,
): Promise<SortedRows<RefRow>> {
  const all = async function* (): AsyncGenerator<RefRow> {
    for (const { container: ownerContainer, rows } of sources)
      for await (const row of rows())
        for (const reference of referencesOf(row)) {
          const { container, name: object } = reference;
          const name = `${container}/${object}`;
          yield { ...reference, name, object, owner: row.name, ownerContainer };
        }
  };
  return await sortOnDisk(all(), place);
}

/** How many different things of each container are referred to; those of one container lie together. */
export async function countByContainer(
  references: SortedRows<RefRow>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let last: string | undefined;
  for await (const { container, name, isPrefix } of references.rows()) {
    const key = `${name}${isPrefix ? '*' : ''}`;
    if (key !== last) counts.set(container, (counts.get(container) ?? 0) + 1);
    last = key;
  }
  return counts;
}

async function* within(
  references: SortedRows<RefRow>,
  container: string,
): AsyncGenerator<RefRow & { readonly name: string }> {
  for await (const reference of references.rows())
    if (reference.container === container) yield { ...reference, name: reference.object };
}

/** Of a container's listing what is referred to, by its name or by how it begins. */
export async function* referredTo(
  listing: AsyncIterable<ListingRow>,
  references: SortedRows<RefRow>,
  container: string,
): AsyncGenerator<ListingRow> {
  const merged = mergeByName<[ListingRow, RefRow]>(listing, within(references, container));
  let prefixes: string[] = [];
  for await (const { name, groups } of merged) {
    const [rows, refs] = groups;
    // In order, each prefix comes before what begins with it, and an outer one before an inner one.
    prefixes = prefixes.filter((prefix) => name.startsWith(prefix));
    if (refs.some(({ isPrefix }) => isPrefix) && prefixes.at(-1) !== name) prefixes.push(name);
    const row = rows.at(-1);
    if (row === undefined) continue;
    if (prefixes.length > 0 || refs.some(({ isPrefix }) => !isPrefix)) yield row;
  }
}

/** A reference that leads to nothing, or to something else than was meant. */
export interface Broken {
  readonly name: string;
  readonly ownerContainer: string;
  readonly target: string;
  /** It can be made only of what it refers to. */
  readonly isFirm: boolean;
}

/** Compares references with what is in the point; `rowsOf` gives null for a container that is not in it. */
export async function* brokenAmong(
  references: SortedRows<RefRow>,
  containers: Iterable<string>,
  rowsOf: (container: string) => AsyncIterable<CatalogRow> | null,
): AsyncGenerator<Broken> {
  for (const container of containers) {
    const rows = rowsOf(container) ?? nothing();
    const merged = mergeByName<[RefRow, CatalogRow]>(within(references, container), rows);
    for await (const { groups } of merged) {
      const row = groups[1].at(-1);
      for (const reference of groups[0])
        if (!reference.isPrefix && !isWhatWasMeant(row, reference.etag))
          yield {
            name: reference.owner,
            ownerContainer: reference.ownerContainer,
            target: `${container}/${reference.object}`,
            isFirm: reference.etag !== undefined,
          };
    }
  }
}

/** Of a DLO or symlink the ETag of the whole is in no catalog; Swift compared it when it took the manifest. */
function isWhatWasMeant(row: CatalogRow | undefined, etag: string | undefined): boolean {
  if (row === undefined) return false;
  const kind = kindOf(row);
  if (etag === undefined || kind === 'dlo' || kind === 'symlink') return true;
  return etag === (row.sloEtag ?? row.md5 ?? row.listed.hash);
}

async function* nothing(): AsyncGenerator<never> {
  // Not in the point.
}
