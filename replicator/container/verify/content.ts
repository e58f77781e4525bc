import { StoredObjects } from '../../bank/stored-objects.ts';
import type { Findings } from '../../findings.ts';
import type { TargetContext } from '../../mover.ts';
import { Pace } from '../../transfer/pace.ts';
import { parallel } from '../../transfer/parallel.ts';
import type { Reading } from '../../transfer/reading.ts';
import { flawOf, missing, tell, type Expected, type Flaw } from './flaw.ts';
import { readBack } from './read-back.ts';
import { sortByKey, things, type StoredRows, type VerifyDeps } from './stored-rows.ts';

/** Reads every stored thing back once, however many objects are made of it. */
export async function verifyContent(
  stored: StoredRows,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
): Promise<void> {
  await using sorted = await sortByKey(stored.read(), deps, at.signal);
  const bank = new StoredObjects(at.bank, at.group);
  const pace = new Pace(deps.ambient.clock);
  await parallel(things(sorted), pace, at.signal, async (thing, signal) => {
    const flaw = await flawIn(thing.key, thing.owners[0], bank, deps, signal);
    pace.succeeded(thing.owners[0].bytes);
    if (flaw !== null) tell(findings, thing, flaw);
  });
}

/** Of what lies under the key, read to its end, or from where the reading is. */
export async function flawIn(
  key: string,
  expected: Expected,
  bank: StoredObjects,
  deps: VerifyDeps,
  signal: AbortSignal,
  reading?: Reading,
): Promise<Flaw | null> {
  const algorithm = algorithmOf(expected);
  const open = (inner: AbortSignal, from: number) => bank.open(key, expected.bytes, inner, from);
  const order = reading === undefined ? { algorithm } : { algorithm, reading };
  const read = await readBack(open, order, deps.ambient, signal);
  if (read.state === 'missing') return missing;
  if (read.state === 'unreadable') return { problem: 'unreadable', detail: read.reason };
  return flawOf(expected, { bytes: read.bytes, [algorithm]: read.hash });
}

/** Where nobody could hash the bytes when they were stored, the MD5 is all there is. */
export function algorithmOf({ sha256 }: Expected): 'md5' | 'sha256' {
  return sha256 === undefined ? 'md5' : 'sha256';
}
