import { expect } from 'chai';
import {
  compareMembers,
  isChosen,
  type ComparisonInput,
} from '../../../controller/members/changes.ts';
import type { Member } from '../../../controller/model/types.ts';
import type { MemberChange } from '../../../controller/state/records.ts';
import { resourceKey, type ResourceRef } from '../../../replicator/mover.ts';
import { lackingMember } from '../../../replicator/point/members.ts';
import type { PointMember } from '../../../replicator/point/types.ts';

const db: ResourceRef = { kind: 'volume', id: 'v1', name: 'db1' };
const other: ResourceRef = { kind: 'volume', id: 'v2', name: 'db2' };
const docs: ResourceRef = { kind: 'container', id: 'docs', name: 'docs' };
const selector: Member = { kind: 'volume', namePattern: 'db*' };
const since = '2026-11-21T08:00:00.000Z';
const nowMs = Date.parse('2026-11-21T10:00:00.000Z');

function known(...resources: readonly ResourceRef[]): readonly PointMember[] {
  return resources.map((resource) => ({
    resource,
    state: 'proven',
    dataTime: since,
    damaged: 0,
    problem: null,
  }));
}

function compare(change: Partial<ComparisonInput>) {
  const { lacking, changes } = compareMembers({
    members: [selector, { kind: 'container', nameOrId: 'docs' }],
    known: known(db, docs),
    found: [db, docs],
    unusable: [],
    changes: [],
    nowMs,
    graceSeconds: 7 * 86_400,
    ...change,
  });
  return {
    lacking: lacking.map(({ resource, code }) => `${resourceKey(resource)} ${code}`),
    changes: changes.map((each) => `${resourceKey(each.resource)} ${each.change}`),
    noted: changes,
  };
}

const lost: MemberChange = { resource: db, change: 'lost', since, detail: '-' };
const notFound = {
  resource: { kind: 'volume', id: 'db1', name: 'db1' },
  code: 'member.not-found',
  message: 'there is no volume db1',
} as const;

const noDocs = {
  resource: docs,
  code: 'member.not-found',
  message: 'there is no container docs in the source project',
} as const;

describe('members compared with those of the newest point', () => {
  const nothing = { lacking: [], changes: [] };
  const table: readonly [
    what: string,
    input: Partial<ComparisonInput>,
    expected: { readonly lacking: readonly string[]; readonly changes: readonly string[] },
  ][] = [
    ['all are found', {}, nothing],
    ['there was no point yet', { known: [] }, nothing],
    ['one came', { found: [db, docs, other] }, nothing],
    [
      'one of a selector is not found any more',
      { found: [docs] },
      { lacking: ['volume/v1 resource.lost'], changes: ['volume/v1 lost'] },
    ],
    [
      'the whole list is empty, which nobody can tell from a deletion',
      { found: [] },
      {
        lacking: ['volume/v1 resource.lost', 'container/docs resource.lost'],
        changes: ['volume/v1 lost', 'container/docs lost'],
      },
    ],
    [
      'the name is that of another now',
      { found: [{ ...db, id: 'v9' }, docs] },
      { lacking: ['volume/v1 resource.replaced'], changes: ['volume/v1 replaced'] },
    ],
    [
      'a named one is not found: told once',
      {
        members: [{ kind: 'volume', nameOrId: 'db1' }],
        known: known(db),
        found: [],
        unusable: [notFound],
      },
      { lacking: ['volume/v1 resource.lost'], changes: ['volume/v1 lost'] },
    ],
    [
      'one named by its id is not found any more: its key is the same then as before',
      {
        members: [{ kind: 'volume', nameOrId: 'v1' }],
        known: known(db),
        found: [],
        unusable: [{ ...notFound, resource: { ...db, name: 'v1' } }],
      },
      { lacking: ['volume/v1 resource.lost'], changes: ['volume/v1 lost'] },
    ],
    [
      'a container is not found any more, whose name is its id',
      { found: [db], unusable: [noDocs] },
      { lacking: ['container/docs resource.lost'], changes: ['container/docs lost'] },
    ],
    [
      'a container is not found, and was not when the point was made',
      {
        found: [db],
        unusable: [noDocs],
        known: [...known(db), lackingMember(noDocs)],
      },
      { lacking: ['container/docs member.not-found'], changes: [] },
    ],
    [
      'the grace of a container has passed that is named still',
      {
        found: [db],
        unusable: [noDocs],
        known: [...known(db), lackingMember({ ...noDocs, code: 'resource.lost' })],
        changes: [{ ...lost, resource: docs }],
        graceSeconds: 3600,
      },
      { lacking: ['container/docs member.not-found'], changes: [] },
    ],
    [
      'a container was let go and is back: what was confirmed is over',
      {
        known: [...known(db), lackingMember(noDocs)],
        changes: [{ ...lost, resource: docs, releasedAt: since }],
      },
      nothing,
    ],
    [
      'a named one was never there',
      {
        members: [{ kind: 'volume', nameOrId: 'db1' }],
        known: [],
        found: [],
        unusable: [notFound],
      },
      { lacking: ['volume/db1 member.not-found'], changes: [] },
    ],
    [
      'one cannot be used, and is there',
      {
        found: [docs],
        unusable: [{ resource: db, code: 'member.unusable', message: 'encrypted' }],
      },
      { lacking: ['volume/v1 member.unusable'], changes: [] },
    ],
    [
      'the document does not choose it any more',
      { members: [{ kind: 'container', nameOrId: 'docs' }], found: [docs] },
      nothing,
    ],
    [
      'it is lost still: since when it was',
      {
        found: [docs],
        known: [lackingMember({ ...notFound, resource: db }), ...known(docs)],
        changes: [lost],
      },
      { lacking: ['volume/v1 resource.lost'], changes: ['volume/v1 lost'] },
    ],
    ['it is found again', { changes: [lost] }, nothing],
    ['the grace has passed', { found: [docs], changes: [lost], graceSeconds: 3600 }, nothing],
    [
      'an operator let it go: kept in mind while the newest point knows it',
      { found: [docs], changes: [{ ...lost, releasedAt: since }] },
      { lacking: [], changes: ['volume/v1 lost'] },
    ],
    [
      'an operator let it go, and the newest point knows nothing of it',
      { found: [docs], known: known(docs), changes: [{ ...lost, releasedAt: since }] },
      nothing,
    ],
    [
      'it was emptied, and nobody has confirmed that',
      { changes: [{ resource: docs, change: 'emptied', since, detail: '-', sequence: 4 }] },
      { lacking: [], changes: ['container/docs emptied'] },
    ],
    [
      'it was emptied, and the grace has passed',
      {
        changes: [{ resource: docs, change: 'emptied', since, detail: '-', sequence: 4 }],
        graceSeconds: 3600,
      },
      nothing,
    ],
  ];
  for (const [what, input, expected] of table)
    it(what, () => {
      const { lacking, changes } = compare(input);
      expect({ lacking, changes }).to.deep.equal(expected);
    });

  it('a loss keeps the time at which it was seen first', () => {
    const { noted } = compare({ found: [docs], changes: [lost] });
    expect(noted).to.deep.equal([lost]);
  });

  it('what was chosen by name, id, pattern or metadata alone is meant still', () => {
    const members: readonly Member[][] = [
      [{ kind: 'volume', nameOrId: 'db1' }],
      [{ kind: 'volume', nameOrId: 'v1' }],
      [{ kind: 'volume', namePattern: 'd?1' }],
      [{ kind: 'volume', metadata: { tier: 'gold' } }],
    ];
    for (const each of members) expect(isChosen(each, db)).to.equal(true);
    expect(isChosen([{ kind: 'image', nameOrId: 'db1' }], db)).to.equal(false);
    expect(isChosen([{ kind: 'volume', namePattern: 'web*' }], db)).to.equal(false);
  });
});
