import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import { type MemberRecord, memberRecordSchema, parseJson } from './member-record.ts';
import type { SitePki } from './pki/authority.ts';
import { writePrivate } from './raft-dir.ts';

const identity = z.strictObject({ cert: z.string(), key: z.string() });

const schema = z.strictObject({
  format: z.literal('farshore-raft-bundle-1'),
  member: memberRecordSchema,
  pki: z.strictObject({ authority: identity, member: identity, client: identity }),
  sha256: z.string(),
});

/** All that a site needs to join: carried there by the operator. Holds private keys. */
export interface Bundle {
  readonly member: MemberRecord;
  readonly pki: SitePki;
}

const format = 'farshore-raft-bundle-1';

export async function writeBundle(path: string, { member, pki }: Bundle): Promise<void> {
  const content = { format, member, pki };
  const whole = { ...content, sha256: digest(content) };
  await writePrivate(path, `${JSON.stringify(whole, null, 2)}\n`);
}

/** Throws `raft.bad-bundle`. The checksum finds damage; who can write the file can write that too. */
export async function readBundle(path: string): Promise<Bundle> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw refused(path, 'the file cannot be read', error);
  }
  const result = schema.safeParse(parseJson(text));
  if (!result.success) throw refused(path, 'it is no bundle of this version', result.error);
  const { sha256, ...content } = result.data;
  if (sha256 !== digest(content)) throw refused(path, 'it was damaged: its checksum differs');
  return { member: content.member, pki: content.pki };
}

function refused(path: string, message: string, cause?: unknown): FarshoreError {
  return new FarshoreError(message, {
    code: 'raft.bad-bundle',
    kind: 'permanent',
    operation: 'read bundle',
    subject: path,
    hint: 'copy it anew from where farshore raft init or add wrote it',
    cause,
  });
}

/** Over the values in one order, so that a file that was only formatted anew is still whole. */
function digest(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}
