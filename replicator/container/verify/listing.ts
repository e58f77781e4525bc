import { compareNames } from '../../../regions/object-store/names.ts';
import { type KeyRange, StoredObjects } from '../../bank/stored-objects.ts';
import type { Findings } from '../../findings.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { flawOf, missing, tell } from './flaw.ts';
import {
  sortByKey,
  things,
  type StoredRow,
  type StoredRows,
  type VerifyDeps,
} from './stored-rows.ts';
import { StoredSet } from './stored-set.ts';

const askedAtOnce = 8;
/** What is held of so many rows takes some 40 MiB. */
const usualRowsAtOnce = 1_000_000;

/**
 * Compares what the catalogs name with a listing of the bank, a range of keys after the other. Listings lag:
 * what one does not prove is asked for, one by one, and only what is then still wrong is a finding.
 */
export async function verifyListing(
  stored: StoredRows,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
  rowsAtOnce = usualRowsAtOnce,
): Promise<void> {
  const bank = new StoredObjects(at.bank, at.group);
  for (const range of ranges(stored.count / rowsAtOnce)) {
    const set = new StoredSet();
    for await (const row of within(stored, range)) set.add(row);
    if (set.size === 0) continue;
    for await (const { name, bytes, hash } of bank.list(at.signal, range))
      set.see({ key: name, bytes, md5: hash });
    if (set.unseen > 0) await ask(unseen(within(stored, range), set), bank, at, deps, findings);
  }
}

/** Nearly all keys begin with two digits of a hash; what does not lies behind them all. */
function ranges(wanted: number): readonly KeyRange[] {
  const count = Math.min(256, Math.max(1, Math.ceil(wanted)));
  const edges = Array.from({ length: count - 1 }, (_, index) =>
    Math.floor((256 * (index + 1)) / count)
      .toString(16)
      .padStart(2, '0'),
  );
  return [undefined, ...edges].map((from, index) => ({
    ...(from === undefined ? {} : { from }),
    ...(edges[index] === undefined ? {} : { before: edges[index] }),
  }));
}

async function* within(stored: StoredRows, range: KeyRange): AsyncGenerator<StoredRow> {
  const { from, before } = range;
  for await (const row of stored.read()) {
    if (from !== undefined && compareNames(row.key, from) < 0) continue;
    if (before !== undefined && compareNames(row.key, before) >= 0) continue;
    yield row;
  }
}

async function* unseen(rows: AsyncIterable<StoredRow>, set: StoredSet): AsyncGenerator<StoredRow> {
  for await (const row of rows) if (!set.hasSeen(row)) yield row;
}

async function ask(
  rows: AsyncIterable<StoredRow>,
  bank: StoredObjects,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
): Promise<void> {
  await using sorted = await sortByKey(rows, deps, at.signal);
  await parallel(things(sorted), askedAtOnce, at.signal, async (thing, signal) => {
    const info = await bank.head(thing.key, signal);
    const flaw =
      info === null ? missing : flawOf(thing.owners[0], { bytes: info.bytes, md5: info.etag });
    if (flaw !== null) tell(findings, thing, flaw);
  });
}
