import { expect } from 'chai';
import { requireNoOther } from '../../../replicator/bank/group-record.ts';
import type { Documents } from '../../../replicator/bank/documents.ts';
import { rejection } from '../../support/rejection.ts';

const never = new AbortController().signal;
const mine = { group: 'shop', createdAt: '2026-11-21T08:00:00.000Z', generation: 1 };
const record = (createdAt: string, generation: number) =>
  `shop/group/${createdAt}-${String(generation).padStart(10, '0')}.json`;

/** Listings show what was there before, and not what came since. */
function bank(there: readonly string[], listed: readonly string[] = there): Documents {
  const documents: Partial<Documents> = {
    place: 'AUTH_demo/farshore',
    read: (name) => Promise.resolve(there.includes(name) ? Buffer.from('{}') : null),
    async *list(prefix) {
      for (const name of listed.toSorted())
        if (name.startsWith(prefix)) yield Promise.resolve(name);
    },
  };
  return documents as Documents;
}

describe('whether a bank knows a group otherwise', () => {
  const earlier = record('2026-11-20T08:00:00.000Z', 3);
  const later = record('2026-11-22T08:00:00.000Z', 1);
  const own = record(mine.createdAt, 1);
  const newer = record(mine.createdAt, 2);
  const point = 'shop/points/20261121T080000Z-0001.json';

  const table: readonly [string, Documents, boolean][] = [
    ['nothing is there', bank([]), false],
    ['it is its own', bank([own, point]), false],
    ['of a group made before there are points', bank([earlier, point]), true],
    ['of a group made before there are none', bank([earlier]), false],
    ['of a group made before, a late write', bank([earlier, own, point]), false],
    ['of a group made later there are points', bank([own, later, point]), true],
    ['of a group made later there is a record alone', bank([later]), false],
    ['its own is newer', bank([newer, point]), true],
    ['its own is newer, and no listing shows that yet', bank([newer, point], [own, point]), true],
    ['what a listing shows was deleted', bank([own], [earlier, own, later, point]), false],
    ['of another’s points all were deleted', bank([earlier], [earlier, point]), false],
  ];
  for (const [what, documents, isOther] of table)
    it(`${what}: ${isOther ? 'yes' : 'no'}`, async () => {
      const asked = requireNoOther(documents, mine, never);
      if (isOther) expect(await rejection(asked)).to.include({ code: 'bank.group-differs' });
      else expect(await asked).to.be.an('array');
    });
});
