import { describeError, FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { readGroupRecord } from '../../replicator/bank/group-record.ts';
import { authenticityOf, type Authenticity, type Keyring } from '../../replicator/bank/signed.ts';
import { surveyPoints, type Survey } from '../../replicator/point/survey.ts';
import { parseBankedGroup, type BankedGroup } from '../state/banked-group.ts';
import type { Fault } from './bank-types.ts';

/** A group as the bank has it. */
export interface Surveyed {
  readonly group: string;
  readonly survey: Survey;
  readonly banked: BankedGroup | null;
  readonly authenticity: Authenticity | null;
  readonly key: string | null;
  /** Why the group cannot be had back from it. */
  readonly fault: Fault | null;
}

export async function survey(
  group: string,
  bank: Bank,
  ring: Keyring,
  signal: AbortSignal,
): Promise<Surveyed> {
  const found = await surveyPoints(bank, group, ring, signal);
  const fault = (code: string, message: string): Surveyed => ({
    group,
    survey: found,
    banked: null,
    authenticity: null,
    key: null,
    fault: { code, subject: group, message },
  });
  try {
    const record = await readGroupRecord(bank.documents, group, signal);
    if (record === null) return fault('bank.group-missing', 'the bank has no record of the group');
    const authenticity = authenticityOf(record.parts, ring);
    const key = record.parts.signature?.key ?? null;
    if (authenticity !== 'authentic' && authenticity !== 'unverified')
      return fault(
        'bank.not-authentic',
        `the signature of its record is worth nothing: ${authenticity}`,
      );
    const banked = parseBankedGroup(record.content);
    if (typeof banked === 'string')
      return fault('bank.group-not-understood', `its record lacks what a group needs: ${banked}`);
    if (banked.spec.name !== group)
      return fault('bank.group-not-understood', `its record is that of ${banked.spec.name}`);
    return { group, survey: found, banked, authenticity, key, fault: null };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FarshoreError && error.code === 'bank.group-not-understood')
      return fault(error.code, describeError(error));
    throw error;
  }
}
