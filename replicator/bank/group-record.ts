import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from './bank.ts';
import { readBounded, type Documents } from './documents.ts';
import { readOwner } from './owner.ts';
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
 * takes those before it away. Throws what `requireOwned` does.
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
  const there = await readBounded(documents, name, signal);
  if (there instanceof Buffer && there.equals(body)) return;
  await documents.write(name, body, signal);
  if (there !== null) return;
  for await (const older of documents.list(recordPrefix(group), {}, signal))
    if (older < name) await documents.delete(older, signal);
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

/** With the group's last point: it is nothing to have back any more. Of another's bank it is not touched. */
export async function deleteGroupRecord(
  bank: Bank,
  group: string,
  signal: AbortSignal,
): Promise<void> {
  const owner = await readOwner(bank.documents, signal);
  if (owner?.installation !== bank.installation) return;
  for await (const name of bank.documents.list(recordPrefix(group), {}, signal))
    await bank.documents.delete(name, signal);
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
