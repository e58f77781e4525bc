import type { ListingRow } from '../../../regions/object-store/types.ts';
import { StoredObjects } from '../../bank/stored-objects.ts';
import type { Findings } from '../../findings.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import type { SortedRows } from '../catalog/sort.ts';
import { flawOf, missing, tell } from './flaw.ts';
import { things, type StoredRow, type StoredThing } from './stored-rows.ts';

const askedAtOnce = 8;

/**
 * Compares what the catalogs name with one listing of the bank. Listings lag: what one does not prove is
 * asked for, one by one, and only what is then still wrong is a finding.
 */
export async function verifyListing(
  stored: SortedRows<StoredRow>,
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  if (stored.count === 0) return;
  const bank = new StoredObjects(at.bank, at.group);
  await parallel(
    suspects(stored, bank, at.signal),
    askedAtOnce,
    at.signal,
    async (thing, signal) => {
      const info = await bank.head(thing.key, signal);
      const flaw =
        info === null ? missing : flawOf(thing.owners[0], { bytes: info.bytes, md5: info.etag });
      if (flaw !== null) tell(findings, thing, flaw);
    },
  );
}

async function* suspects(
  stored: SortedRows<StoredRow>,
  bank: StoredObjects,
  signal: AbortSignal,
): AsyncGenerator<StoredThing> {
  const wanted = named(things(stored.rows()));
  const merged = mergeByName<[Named<StoredThing>, ListingRow]>(wanted, bank.list(signal));
  for await (const { groups } of merged) {
    const thing = groups[0].at(-1);
    if (thing === undefined) continue;
    const listed = groups[1].at(-1);
    const found = listed === undefined ? null : { bytes: listed.bytes, md5: listed.hash };
    if (found === null || flawOf(thing.owners[0], found) !== null) yield thing;
  }
}

type Named<T> = T & { readonly name: string };

async function* named(all: AsyncIterable<StoredThing>): AsyncGenerator<Named<StoredThing>> {
  for await (const thing of all) yield { ...thing, name: thing.key };
}
