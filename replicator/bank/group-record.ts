import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import { parallel } from '../transfer/parallel.ts';
import type { Bank } from './bank.ts';
import { readBounded, type Documents } from './documents.ts';
import { manifestsIn } from './manifests.ts';
import { partsOf, signed, type SignedParts } from './signed.ts';

const recordFormat = 1;

const recordSchema = z.looseObject({
  format: z.literal(recordFormat),
  group: z.string().min(1),
  installation: z.string().min(1),
  content: z.unknown(),
});

export interface GroupGeneration {
  readonly group: string;
  /** RFC 3339 in UTC. */
  readonly createdAt: string;
  readonly generation: number;
}

/** What the controller must have of a group to go on with it, kept beside its points. */
export interface GroupRecordInBank {
  readonly content: unknown;
  readonly parts: SignedParts;
}

/**
 * Written before a session ships, and when the group's primary changes, so that no point lies in the
 * bank without it. Each generation has a name of its own: a write of one that was superseded meanwhile may
 * land as late as it likes, and hides nothing. Only what differs is written; the first of a generation
 * takes those before it away. Throws what `requireOwned` and `requireNoOther` do, before anything is changed.
 */
export async function writeGroupRecord(
  bank: Bank,
  of: GroupGeneration,
  content: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { group } = of;
  await bank.requireOwned(signal);
  const { installation, documents } = bank;
  const body = await signed({ format: recordFormat, group, installation, content }, (bytes) =>
    bank.sign(bytes),
  );
  const name = recordName(of);
  const listed = await requireNoOther(documents, of, signal);
  const there = await readBounded(documents, name, signal);
  if (!(there instanceof Buffer && there.equals(body))) await documents.write(name, body, signal);
  for (const other of listed) if (other !== name) await documents.delete(other, signal);
}

/**
 * Throws `bank.group-differs` where the bank knows the group better: at a newer generation, or as one that
 * was made at another time and has points there. So a state that was lost and filled anew by hand, or put
 * back from an older copy, ships nothing from a primary that is none any more, and expires nothing. What a
 * deleted group left, a record without any point, is in nobody's way. Gives the names of the records that are there.
 */
export async function requireNoOther(
  documents: Documents,
  of: GroupGeneration,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { group, createdAt } = of;
  const listed: string[] = [];
  for await (const name of documents.list(recordPrefix(group), {}, signal))
    if (recordPattern.test(name)) listed.push(name);
  const isOwn = (name: string): boolean => name.startsWith(`${recordPrefix(group)}${createdAt}-`);
  const own = recordName(of);
  const isBegun = listed.some(isOwn);
  // The next generation by name: listings may not show yet what a failover has just written. Once the group
  // has begun there, what is older is what a deleted group of the name wrote late.
  const others = [...listed, following(own)].filter((name) => name > own || !isBegun);
  // Listings go on showing what was deleted.
  const other = await firstThere(others, documents, signal);
  if (other === null) return listed;
  if (!isOwn(other) && !(await hasPoint(documents, group, signal))) return listed;
  throw differs(of, other, documents.place);
}

/** Whether the bank holds any manifest of the group, whatever it says. */
export async function hasPoint(
  documents: Documents,
  group: string,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const { object } of manifestsIn(documents, group, {}, signal))
    if ((await readBounded(documents, object, signal)) !== null) return true;
  return false;
}

async function firstThere(
  names: readonly string[],
  documents: Documents,
  signal: AbortSignal,
): Promise<string | null> {
  for (const name of names) if ((await readBounded(documents, name, signal)) !== null) return name;
  return null;
}

/** That of the newest generation; null when there is none. Throws `bank.group-not-understood`; the signature is the caller's to check. */
export async function readGroupRecord(
  documents: Documents,
  group: string,
  signal: AbortSignal,
): Promise<GroupRecordInBank | null> {
  const newest = await newestRecord(documents, group, signal);
  if (newest === null) return null;
  const { name, body } = newest;
  if (body instanceof FarshoreError) throw notUnderstood(`${documents.place}/${name}`, body);
  const parts = partsOf(body);
  try {
    const record = recordSchema.parse(JSON.parse(parts.content.toString('utf8')));
    if (record.group !== group) throw new Error(`it is that of group ${record.group}`);
    return { content: record.content, parts };
  } catch (cause) {
    throw notUnderstood(`${documents.place}/${name}`, cause);
  }
}

/**
 * All that the bank has of a group without a point: it is nothing to have back any more. The record goes
 * last, so that a deletion which broke off is seen. While a point is there everything stays, of whatever
 * group of the name: without its record that one could not be had back.
 */
export async function forgetGroup(
  documents: Documents,
  group: string,
  signal: AbortSignal,
): Promise<void> {
  if (await hasPoint(documents, group, signal)) return;
  const all = documents.list(`${group}/`, {}, signal);
  await parallel(withoutRecords(all, group), deletionsAtOnce, signal, async (name, inner) => {
    await documents.delete(name, inner);
  });
  for await (const name of documents.list(recordPrefix(group), {}, signal))
    await documents.delete(name, signal);
}

const deletionsAtOnce = 12;

async function* withoutRecords(
  names: AsyncIterable<string>,
  group: string,
): AsyncGenerator<string> {
  for await (const name of names) if (!name.startsWith(recordPrefix(group))) yield name;
}

/** What a listing shows, and then by name what it does not show yet: generations have no gaps. */
async function newestRecord(
  documents: Documents,
  group: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly body: Buffer | FarshoreError } | null> {
  let listed: string | null = null;
  for await (const name of documents.list(recordPrefix(group), {}, signal))
    if (recordPattern.test(name)) listed = name;
  let newest: { readonly name: string; readonly body: Buffer | FarshoreError } | null = null;
  for (let name = listed; name !== null; name = following(name)) {
    const body = await readBounded(documents, name, signal);
    if (body === null) break;
    newest = { name, body };
  }
  return newest;
}

const recordPattern = /-(\d{10})\.json$/;

function recordPrefix(group: string): string {
  return `${group}/group/`;
}

/** In their order: a group that was deleted and made anew begins with the first generation again. */
function recordName({ group, createdAt, generation }: GroupGeneration): string {
  return `${recordPrefix(group)}${createdAt}${ending(generation)}`;
}

function ending(generation: number): string {
  return `-${String(generation).padStart(10, '0')}.json`;
}

function following(name: string): string {
  return name.replace(recordPattern, (_, generation: string) => ending(Number(generation) + 1));
}

function differs({ group, createdAt, generation }: GroupGeneration, other: string, place: string) {
  const [, made = '', theirs = ''] = /\/group\/(.*)-(\d{10})\.json$/.exec(other) ?? [];
  return new FarshoreError(
    `the bank ${place} knows a group of this name that was made ${made} and is at generation ${Number(theirs)}, and it is not this one, made ${createdAt} and at generation ${generation}`,
    {
      code: 'bank.group-differs',
      kind: 'permanent',
      operation: 'use bank',
      subject: group,
      hint: `if the state was lost, or put back from an older copy: farshore bank rebuild <region> --group ${group}, with --replace where the state has a group of this name. Nothing in the bank was changed`,
    },
  );
}

function notUnderstood(subject: string, cause: unknown): FarshoreError {
  return new FarshoreError('its record is not what this farshore writes of a group', {
    code: 'bank.group-not-understood',
    kind: 'permanent',
    operation: 'read group in the bank',
    subject,
    hint: 'it is damaged, or a newer release wrote it: upgrade farshore. Nothing was changed',
    cause,
  });
}
