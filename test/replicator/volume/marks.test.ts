import { expect } from 'chai';
import type { Backup, Snapshot } from '../../../regions/block-storage/types.ts';
import type { Bank } from '../../../replicator/bank/bank.ts';
import {
  backupDescription,
  isGroupsBackup,
  isGroupsSnapshot,
} from '../../../replicator/volume/source/marks.ts';

const bankOf = (installation: string, former: readonly string[] = []) =>
  ({ installation, former }) as Bank;
const by = { group: 'shop', bank: bankOf('i-1', ['i-0']) };

/** Who made it, for which group, and whether the group tidies it up. */
const cases = [
  ['i-1', 'shop', true],
  ['i-0', 'shop', true],
  ['i-0', 'other', false],
  ['i-2', 'shop', false],
] as const;

describe('whose snapshots and backups are a group’s', () => {
  for (const [installation, group, isOwn] of cases)
    it(`${isOwn ? 'are' : 'are not'} those of ${installation} for ${group}`, () => {
      const metadata = { farshore_group: group, farshore_installation: installation };
      const snapshot = { name: 'farshore-s1', metadata } as unknown as Snapshot;
      expect(isGroupsSnapshot(snapshot, by)).to.equal(isOwn);
      const description = backupDescription({ group, bank: bankOf(installation) });
      const backup = { name: 'farshore-s1', description } as Backup;
      expect(isGroupsBackup(backup, by)).to.equal(isOwn);
    });
});
