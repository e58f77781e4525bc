import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import { parseSiteAddress } from '../config/site-address.ts';
import { objectName } from '../model/fields.ts';
import { type RaftDir, readIfThere, writePrivate } from './raft-dir.ts';

const address = z.string().refine((text) => 'address' in parseSiteAddress(text), 'no address');

/** Which member this is, from `init` or `join`; etcd keeps the rest. */
export const memberRecordSchema = z.strictObject({
  site: objectName,
  /** The same for all members of one cluster, and for no other. */
  token: z.string().regex(/^[0-9a-f]{16,64}$/),
  /** `new`: it begins the cluster together with the others; `existing`: it was added to one. */
  state: z.enum(['new', 'existing']),
  /** Members at its beginning, itself included, as in the configuration. */
  members: z.record(objectName, address),
  /** The site that makes a new cluster ready for use: the others wait for that. */
  firstSite: objectName,
  createdAt: z.iso.datetime(),
  /** The last forcing of quorum that this member has been part of, or came after; null: none. */
  epoch: z
    .strictObject({ epoch: z.number().int(), at: z.iso.datetime(), site: objectName })
    .nullable(),
  /** Seen here that the cluster was made ready: from then on its state is what counts. */
  isReady: z.boolean(),
});

export type MemberRecord = z.output<typeof memberRecordSchema>;

/** Null where there is no member. Throws `raft.corrupt`. */
export async function readMemberRecord(dir: RaftDir): Promise<MemberRecord | null> {
  const text = await readIfThere(dir.record);
  if (text === null) return null;
  const result = memberRecordSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new FarshoreError('it is not what farshore raft init or join wrote', {
    code: 'raft.corrupt',
    kind: 'fatal',
    operation: 'read member record',
    subject: dir.record,
    hint: 'restore the file, or take this site in anew: farshore raft join --reset <bundle>',
    cause: result.error,
  });
}

export async function writeMemberRecord(dir: RaftDir, record: MemberRecord): Promise<void> {
  await writePrivate(dir.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
