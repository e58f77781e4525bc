import { compareNames } from '../../../regions/object-store/names.ts';
import type { CatalogRef } from '../../bank/bank.ts';
import { StoredObjects } from '../../bank/stored-objects.ts';
import { damageOf, Findings } from '../../findings.ts';
import type { CopyDamage, Scrubbed, TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import type { Readings } from '../../transfer/reading.ts';
import { isLostCatalog } from '../catalog/lost.ts';
import { catalogRows, type CatalogRow } from '../catalog/row.ts';
import { sortOnDisk } from '../catalog/sort.ts';
import { rowsUnder, storedOnce } from '../catalog/stored-once.ts';
import { partsOf, type ContainerCopy } from '../types.ts';
import { algorithmOf, flawIn } from './content.ts';
import type { Expected, Flaw } from './flaw.ts';
import type { VerifyDeps } from './stored-rows.ts';

/** What is read before it is said how far it is: so much is read again after a session. */
const batchKeys = 256;
const batchBytes = 64 * 1024 * 1024;
const readsAtOnce = 8;
/** A bad moment of the service is over by then; what is still wrong is so. */
const secondLookMs = 5_000;

interface KeyRow extends Expected {
  /** The key. */
  readonly name: string;
}

type Damage = readonly CopyDamage<ContainerCopy>[];

/**
 * Reads again every key that any of the copies' catalogs names, once, in the order of the keys. First all
 * catalogs are read, each once, and proven by the bank: of one that is lost, all copies that have it are
 * damaged. What a key's damage means is looked up only then, by reading the catalogs again: memory grows
 * neither with the objects nor with the points. Broken off in a large object, the next scrub goes on in it.
 */
export async function* scrubContainers(
  copies: readonly ContainerCopy[],
  after: string,
  at: TargetContext,
  deps: VerifyDeps & { readonly readings: Readings },
): AsyncGenerator<Scrubbed<ContainerCopy>> {
  const lost = new Map<string, Lost>();
  const place = { spoolDir: deps.spoolDir, random: deps.ambient.random, signal: at.signal };
  const rowsOf = (catalog: CatalogRef) => provenRows(catalog, at, lost);
  await using stored = await sortOnDisk(keyRows(copies, rowsOf, after), place);
  if (lost.size > 0) yield { upTo: after, damage: damageOfLost(copies, lost) };
  const bank = new StoredObjects(at.bank, at.group);
  for await (const batch of batches(stored.rows())) {
    const flaws = new Map<string, Flaw>();
    await parallel(batch, readsAtOnce, at.signal, async (row, signal) => {
      const thing = { name: row.name, algorithm: algorithmOf(row) };
      let flaw = await deps.readings.with(at, thing, signal, (reading) =>
        flawIn(row.name, row, bank, deps, signal, reading),
      );
      if (flaw === null) return;
      await deps.ambient.clock.sleep(secondLookMs, signal);
      flaw = await flawIn(row.name, row, bank, deps, signal);
      if (flaw !== null) flaws.set(row.name, flaw);
    });
    const damage = flaws.size === 0 ? [] : await damageOfKeys(copies, flaws, at, lost);
    yield { upTo: batch.at(-1)?.name ?? after, damage };
  }
}

/** Why a catalog cannot be read. */
interface Lost {
  readonly problem: 'missing' | 'altered';
  readonly detail: string;
}

/** No row of one that is lost: the bank says so before it gives any. */
async function* provenRows(
  catalog: CatalogRef,
  at: TargetContext,
  lost: Map<string, Lost>,
): AsyncGenerator<CatalogRow> {
  if (lost.has(catalog.sha256)) return;
  try {
    yield* catalogRows(at.bank.readCatalog(catalog, at.signal));
  } catch (error) {
    if (!isLostCatalog(error)) throw error;
    const problem = error.code === 'bank.catalog-missing' ? 'missing' : 'altered';
    lost.set(catalog.sha256, { problem, detail: error.message });
  }
}

async function* keyRows(
  copies: readonly ContainerCopy[],
  rowsOf: (catalog: CatalogRef) => AsyncIterable<CatalogRow>,
  after: string,
): AsyncGenerator<KeyRow> {
  for await (const { key: name, bytes, md5 = '', sha256 } of storedOnce(copies, rowsOf))
    if (compareNames(name, after) > 0)
      yield { name, bytes, md5, ...(sha256 === undefined ? {} : { sha256 }) };
}

async function* batches(rows: AsyncIterable<KeyRow>): AsyncGenerator<readonly KeyRow[]> {
  let batch: KeyRow[] = [];
  let bytes = 0;
  let last: string | undefined;
  for await (const row of rows) {
    if (row.name === last) continue;
    last = row.name;
    batch.push(row);
    bytes += row.bytes;
    if (batch.length < batchKeys && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function damageOfLost(copies: readonly ContainerCopy[], lost: ReadonlyMap<string, Lost>): Damage {
  return copies.flatMap((copy) => {
    const findings = new Findings(copy.resource);
    for (const { container, catalog } of partsOf(copy)) {
      const why = lost.get(catalog.sha256);
      if (why === undefined) continue;
      const count = Math.max(1, catalog.rows);
      findings.addStored(catalog.object, container, why.problem, why.detail, count);
    }
    return damageOf([copy], findings.result('content'));
  });
}

/** Every object of every copy that is made of what is damaged. */
async function damageOfKeys(
  copies: readonly ContainerCopy[],
  flaws: ReadonlyMap<string, Flaw>,
  at: TargetContext,
  lost: Map<string, Lost>,
): Promise<Damage> {
  const found = new Map(copies.map((copy) => [copy, new Findings(copy.resource)]));
  const parts = copies.flatMap((copy) => partsOf(copy).map((part) => ({ ...part, copy })));
  for (const having of Map.groupBy(parts, ({ catalog }) => catalog.sha256).values()) {
    const [{ catalog }] = having as [(typeof having)[number]];
    for await (const row of rowsUnder(flaws, provenRows(catalog, at, lost))) {
      const flaw = flaws.get(row.key);
      if (flaw === undefined) continue;
      for (const { copy, container } of having)
        found.get(copy)?.addStored(row.key, `${container}/${row.name}`, flaw.problem, flaw.detail);
    }
  }
  return [...found].flatMap(([copy, findings]) => damageOf([copy], findings.result('content')));
}
