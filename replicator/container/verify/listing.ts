import type { ListingRow } from '../../../regions/object-store/types.ts';
import { StoredObjects } from '../../bank/stored-objects.ts';
import type { Findings } from '../../findings.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { flawOf, missing, tell } from './flaw.ts';
import {
  sortByKey,
  things,
  type StoredRow,
  type StoredRows,
  type StoredThing,
  type VerifyDeps,
} from './stored-rows.ts';
import { StoredSet } from './stored-set.ts';

const askedAtOnce = 8;
/** A table of so many things takes 36 MiB, half as much again while it grows. */
const usualTableRows = 1_000_000;

/**
 * Compares what the catalogs name with one listing of the bank: in a table as long as it is small, else with
 * rows sorted on the local disk. Listings lag: what one does not prove is asked for, one by one, and only
 * what is then still wrong is a finding.
 */
export async function verifyListing(
  stored: StoredRows,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
  tableRows = usualTableRows,
): Promise<void> {
  const bank = new StoredObjects(at.bank, at.group);
  if (stored.count > tableRows) {
    await using sorted = await sortByKey(stored.read(), deps, at.signal);
    await ask(unproven(things(sorted), bank.list(at.signal)), bank, at, findings);
    return;
  }
  const set = new StoredSet();
  for await (const row of stored.read()) set.add(row);
  if (set.size === 0) return;
  for await (const { name, bytes, hash } of bank.list(at.signal))
    set.see({ name, bytes, md5: hash });
  if (set.unseen === 0) return;
  await using sorted = await sortByKey(unseen(stored.read(), set), deps, at.signal);
  await ask(things(sorted), bank, at, findings);
}

async function* unseen(rows: AsyncIterable<StoredRow>, set: StoredSet): AsyncGenerator<StoredRow> {
  for await (const row of rows) if (!set.hasSeen(row)) yield row;
}

async function* unproven(
  wanted: AsyncIterable<StoredThing>,
  listing: AsyncIterable<ListingRow>,
): AsyncGenerator<StoredThing> {
  const merged = mergeByName<[Named<StoredThing>, ListingRow]>(named(wanted), listing);
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

async function ask(
  suspects: AsyncIterable<StoredThing>,
  bank: StoredObjects,
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  await parallel(suspects, askedAtOnce, at.signal, async (thing, signal) => {
    const info = await bank.head(thing.key, signal);
    const flaw =
      info === null ? missing : flawOf(thing.owners[0], { bytes: info.bytes, md5: info.etag });
    if (flaw !== null) tell(findings, thing, flaw);
  });
}
