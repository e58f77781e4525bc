import { FarshoreError } from '../../kernel/errors.ts';
import type { ManagedSite } from './managed.ts';
import { type MemberRecord, readMemberRecord } from './member-record.ts';

/** The record of the member that must be there. Throws `raft.no-member`, `raft.other-site`. */
export async function memberRecord({ site, dir }: ManagedSite): Promise<MemberRecord> {
  const record = await readMemberRecord(dir);
  if (record === null)
    throw new FarshoreError('this site has no member yet', {
      code: 'raft.no-member',
      kind: 'fatal',
      operation: 'open member',
      subject: dir.root,
      hint: 'at the first site farshore raft init, at the others farshore raft join <bundle>',
    });
  if (record.site !== site)
    throw new FarshoreError(`the member here is that of ${record.site}`, {
      code: 'raft.other-site',
      kind: 'fatal',
      operation: 'open member',
      subject: site,
      hint: 'correct raft.site, or give this site a dataDir of its own',
    });
  return record;
}
