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

/** What a row needs of the bank, sorted by where it lies: `name` is the key. */
export interface StoredRow {
  readonly name: string;
  /** `container/object`, as the operator knows it. */
  readonly owner: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256?: string;
}

/**
 * All that the copy's catalogs name in the bank. A catalog that is missing or altered is a finding about
 * the copy: without it nobody knows what the objects are.
 */
export async function storedRows(
  copy: ContainerCopy,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
): Promise<SortedRows<StoredRow>> {
  const all = async function* (): AsyncGenerator<StoredRow> {
    for (const part of partsOf(copy)) {
      try {
        for await (const row of catalogRows(at.bank.readCatalog(part.catalog, at.signal))) {
          findings.saw(row.bytes);
          if (row.key !== undefined) yield storedRow(row, row.key, part);
        }
      } catch (error) {
        if (!isLostCatalog(error)) throw error;
        const problem = error.code === 'bank.catalog-missing' ? 'missing' : 'altered';
        const count = Math.max(1, part.catalog.rows);
        findings.addStored(part.catalog.object, part.container, problem, error.message, count);
      }
    }
  };
  const { spoolDir, ambient } = deps;
  return await sortOnDisk(all(), { spoolDir, random: ambient.random, signal: at.signal });
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

/** Each stored thing once, with all that refers to it. */
export interface StoredThing {
  readonly key: string;
  readonly owners: readonly [StoredRow, ...StoredRow[]];
}

/** Of one content in a million places; more owners are held than are told of. */
const mostOwners = 1_000;

export async function* things(rows: AsyncIterable<StoredRow>): AsyncGenerator<StoredThing> {
  let owners: [StoredRow, ...StoredRow[]] | undefined;
  for await (const row of rows) {
    if (owners?.[0].name === row.name) {
      if (owners.length < mostOwners) owners.push(row);
      continue;
    }
    if (owners !== undefined) yield { key: owners[0].name, owners };
    owners = [row];
  }
  if (owners !== undefined) yield { key: owners[0].name, owners };
}
