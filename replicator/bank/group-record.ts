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

/** What the controller must have of a group to go on with it, kept beside its points. */
export interface GroupRecordInBank {
  readonly content: unknown;
  readonly parts: SignedParts;
}

/**
 * Written before a session ships, and when the group's primary changes, so that no point lies in the
 * bank without it. Only what differs is written. Throws what `requireOwned` does.
 */
export async function writeGroupRecord(
  bank: Bank,
  group: string,
  content: unknown,
  signal: AbortSignal,
): Promise<void> {
  await bank.requireOwned(signal);
  const { installation, documents } = bank;
  const body = await signed({ format: recordFormat, group, installation, content }, (bytes) =>
    bank.sign(bytes),
  );
  const name = recordName(group);
  const there = await readBounded(documents, name, signal);
  if (!(there instanceof Buffer) || !there.equals(body)) await documents.write(name, body, signal);
}

/** Null when there is none. Throws `bank.group-not-understood`; the signature is the caller's to check. */
export async function readGroupRecord(
  documents: Documents,
  group: string,
  signal: AbortSignal,
): Promise<GroupRecordInBank | null> {
  const body = await readBounded(documents, recordName(group), signal);
  if (body === null) return null;
  if (body instanceof FarshoreError)
    throw notUnderstood(`${documents.place}/${recordName(group)}`, body);
  const parts = partsOf(body);
  try {
    const record = recordSchema.parse(JSON.parse(parts.content.toString('utf8')));
    if (record.group !== group) throw new Error(`it is that of group ${record.group}`);
    return { content: record.content, parts };
  } catch (cause) {
    throw notUnderstood(`${documents.place}/${recordName(group)}`, cause);
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
  await bank.documents.delete(recordName(group), signal);
}

function recordName(group: string): string {
  return `${group}/group.json`;
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
