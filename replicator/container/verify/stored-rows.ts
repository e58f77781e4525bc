import type { Ambient } from '../../../kernel/ambient.ts';
import type { Findings } from '../../findings.ts';
import type { TargetContext } from '../../mover.ts';
import { isLostCatalog } from '../catalog/lost.ts';
import { catalogRows, type CatalogRow } from '../catalog/row.ts';
import { sortOnDisk, type SortedRows } from '../catalog/sort.ts';
import { partsOf, type ContainerCopy, type ContainerPart } from '../types.ts';

export interface VerifyDeps {
  readonly ambient: Ambient;
  readonly spoolDir: string;
}

/** What a row needs of the bank; `name` is the key, by which it can be sorted. */
export interface StoredRow {
  readonly name: string;
  /** `container/object`, as the operator knows it. */
  readonly owner: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256?: string;
}

/**
 * All that the copy's catalogs name in the bank, read anew each time. A catalog that is missing or altered is
 * a finding about the copy: without it nobody knows what the objects are.
 */
export class StoredRows {
  readonly #copy: ContainerCopy;
  readonly #at: TargetContext;
  readonly #findings: Findings;
  readonly #lost = new Set<ContainerPart>();
  #isCounted = false;

  constructor(copy: ContainerCopy, at: TargetContext, findings: Findings) {
    this.#copy = copy;
    this.#at = at;
    this.#findings = findings;
  }

  /** By what the manifest says of the catalogs. */
  get count(): number {
    return partsOf(this.#copy).reduce((sum, { catalog }) => sum + catalog.rows, 0);
  }

  /** The first time that all are read, the objects are counted as seen; a lost catalog is told of once. */
  async *read(): AsyncGenerator<StoredRow> {
    for (const part of partsOf(this.#copy)) {
      if (this.#lost.has(part)) continue;
      try {
        for await (const row of catalogRows(
          this.#at.bank.readCatalog(part.catalog, this.#at.signal),
        )) {
          if (!this.#isCounted) this.#findings.saw(row.bytes);
          if (row.key !== undefined) yield storedRow(row, row.key, part);
        }
      } catch (error) {
        if (!isLostCatalog(error)) throw error;
        this.#lost.add(part);
        const problem = error.code === 'bank.catalog-missing' ? 'missing' : 'altered';
        const count = Math.max(1, part.catalog.rows);
        const { object } = part.catalog;
        this.#findings.addStored(object, part.container, problem, error.message, count);
      }
    }
    this.#isCounted = true;
  }
}

function storedRow(row: CatalogRow, key: string, { container }: ContainerPart): StoredRow {
  return {
    name: key,
    owner: `${container}/${row.name}`,
    bytes: row.bytes,
    md5: row.md5 ?? '',
    ...(row.sha256 === undefined ? {} : { sha256: row.sha256 }),
  };
}

/** Ordered by where they lie. Dispose of it at the end. */
export async function sortByKey(
  rows: AsyncIterable<StoredRow>,
  { spoolDir, ambient }: VerifyDeps,
  signal: AbortSignal,
): Promise<SortedRows<StoredRow>> {
  return await sortOnDisk(rows, { spoolDir, random: ambient.random, signal });
}

/** Each stored thing once, with all that refers to it. */
export interface StoredThing {
  readonly key: string;
  readonly owners: readonly [StoredRow, ...StoredRow[]];
}

/** Of one content in a million places; more owners are held than are told of. */
const mostOwners = 1_000;

export async function* things(sorted: SortedRows<StoredRow>): AsyncGenerator<StoredThing> {
  let owners: [StoredRow, ...StoredRow[]] | undefined;
  for await (const row of sorted.rows()) {
    if (owners?.[0].name === row.name) {
      if (owners.length < mostOwners) owners.push(row);
      continue;
    }
    if (owners !== undefined) yield { key: owners[0].name, owners };
    owners = [row];
  }
  if (owners !== undefined) yield { key: owners[0].name, owners };
}
