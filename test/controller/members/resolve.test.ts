import { expect } from 'chai';
import { hasMetadata, matchesPattern, patternFault } from '../../../replicator/name-pattern.ts';
import { resolveMembers } from '../../../controller/members/resolve.ts';
import type { Member } from '../../../controller/model/types.ts';
import { MemoryRegion } from '../support/memory-sites.ts';

describe('matchesPattern', () => {
  const table: readonly [pattern: string, name: string, matches: boolean][] = [
    ['db-*', 'db-1', true],
    ['db-*', 'db-', true],
    ['db-*', 'adb-1', false],
    ['*-db', 'x-db', true],
    ['db-?', 'db-1', true],
    ['db-?', 'db-12', false],
    ['db.1', 'db-1', false],
    ['a+b(c)[d]', 'a+b(c)[d]', true],
    ['*', '', true],
    ['?', '\u{1F600}', true],
    ['a*b', 'a\nb', true],
    ['DB-*', 'db-1', false],
    ['**a**', 'xay', true],
  ];
  for (const [pattern, name, matches] of table)
    it(`${pattern} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(name)}`, () => {
      expect(matchesPattern(pattern, name)).to.equal(matches);
    });

  it('takes no time that a name could choose', () => {
    expect(matchesPattern('*'.repeat(255), 'a'.repeat(255))).to.equal(true);
    expect(matchesPattern(`${'*'.repeat(254)}b`, 'a'.repeat(255))).to.equal(false);
    // With a star that may give way for each other one this name would take hours.
    expect(matchesPattern('*-*-*-*-*-*!', '-'.repeat(255))).to.equal(false);
    expect(matchesPattern(`${'*a'.repeat(120)}!`, 'a'.repeat(255))).to.equal(false);
    expect(matchesPattern(`${'*a'.repeat(120)}*!`, `${'a'.repeat(254)}!`)).to.equal(true);
  });

  it('finds what a backtracking match finds, for all short patterns and names', () => {
    const texts = (letters: string, length: number): string[] =>
      length === 0
        ? ['']
        : [
            '',
            ...texts(letters, length - 1).flatMap((rest) =>
              Array.from(letters).map((l) => l + rest),
            ),
          ];
    const names = [...new Set(texts('ab', 5))];
    for (const pattern of new Set(texts('ab*?', 4))) {
      const parts = pattern.replaceAll('*', '.*').replaceAll('?', '.');
      const expected = names.filter((name) => new RegExp(`^${parts}$`).test(name));
      expect(names.filter((name) => matchesPattern(pattern, name))).to.deep.equal(expected);
    }
  });

  it('a pattern may have sixteen stars', () => {
    expect(patternFault('*a'.repeat(16))).to.equal(undefined);
    expect(patternFault('*a'.repeat(17))).to.contain('17 stars');
  });

  it('metadata is a subset, compared exactly', () => {
    expect(hasMetadata({ a: '1' }, { a: '1', b: '2' })).to.equal(true);
    expect(hasMetadata({ a: '1', b: '3' }, { a: '1', b: '2' })).to.equal(false);
    expect(hasMetadata({}, {})).to.equal(true);
  });
});

describe('resolveMembers', () => {
  let region: MemoryRegion;
  const volume = async (name: string, metadata = {}) =>
    (await region.demo.blockStorage.createVolume({ name, sizeGib: 1, metadata })).id;
  beforeEach(() => {
    region = new MemoryRegion('east');
  });
  const resolve = async (...members: Member[]) => {
    const ownContainers = new Set(['farshore', 'volumebackups']);
    const at = { source: region.demo, ownContainers };
    const signal = new AbortController().signal;
    const { resources, faults } = await resolveMembers(members, at, signal);
    return {
      names: resources.map(({ kind, name }) => `${kind} ${name}`),
      ids: resources.map(({ id }) => id),
      faults: faults.map(({ path, message }) => `${path}: ${message}`),
    };
  };

  it('finds by name and by id, each resource once', async () => {
    const id = await volume('data');
    await volume('other');
    const imageId = '7f0c1fb0-8f53-4f0e-8a07-0d1b8d3d2a11';
    region.demo.images.add(imageId, Buffer.from('x'), { name: 'cirros', status: 'active' });
    await region.demo.objectStore.putContainer('docs');
    const found = await resolve(
      { kind: 'volume', nameOrId: 'data' },
      { kind: 'volume', namePattern: 'data' },
      { kind: 'image', nameOrId: imageId },
      { kind: 'image', nameOrId: 'cirros' },
      { kind: 'container', nameOrId: 'docs' },
    );
    expect(found.faults).to.deep.equal([]);
    expect(found.names).to.deep.equal(['volume data', 'image cirros', 'container docs']);
    expect(found.ids).to.deep.equal([id, imageId, 'docs']);
  });

  it('an ambiguous name lists the ids', async () => {
    const ids = [await volume('data'), await volume('data')];
    const { faults } = await resolve({ kind: 'volume', nameOrId: 'data' });
    expect(faults).to.deep.equal([
      `members[0].volume: 2 volumes bear the name data: name one by its id: ${ids.join(', ')}`,
    ]);
  });

  it('tells everything that is missing, with its place', async () => {
    const { faults } = await resolve(
      { kind: 'volume', nameOrId: 'gone' },
      { kind: 'image', nameOrId: 'gone' },
      { kind: 'container', nameOrId: 'gone' },
    );
    expect(faults).to.deep.equal([
      'members[0].volume: there is no volume gone in the source project',
      'members[1].image: there is no image gone in the source project',
      'members[2].container: there is no container gone in the source project',
    ]);
  });

  it('a selector takes all that match in name and metadata, and may match none', async () => {
    await volume('db-1', { tier: 'gold' });
    await volume('db-2', { tier: 'tin' });
    await volume('web', { tier: 'gold' });
    await volume('db-3', { tier: 'gold', more: 'x' });
    const chosen = await resolve({
      kind: 'volume',
      namePattern: 'db-*',
      metadata: { tier: 'gold' },
    });
    expect(chosen).to.deep.include({ names: ['volume db-1', 'volume db-3'], faults: [] });
    const none = await resolve({ kind: 'volume', namePattern: 'nothing-*' });
    expect(none).to.deep.equal({ names: [], ids: [], faults: [] });
  });

  it('selects containers by metadata, whatever the case of its keys', async () => {
    const { objectStore } = region.demo;
    await objectStore.putContainer('a', { 'x-container-meta-tier': 'gold' });
    await objectStore.putContainer('b', { 'x-container-meta-tier': 'tin' });
    const { names } = await resolve({ kind: 'container', metadata: { Tier: 'gold' } });
    expect(names).to.deep.equal(['container a']);
  });

  it('selectors never choose what Farshore and Cinder made, and it cannot be named', async () => {
    const { objectStore } = region.demo;
    for (const name of ['farshore', 'volumebackups', 'farshore_shop_docs', 'docs'])
      await objectStore.putContainer(name);
    await volume('farshore-drill-x1-data');
    await volume('scratch', { farshore_scratch: 'x' });
    await volume('data');
    const chosen = await resolve(
      { kind: 'container', namePattern: '*' },
      { kind: 'volume', namePattern: '*' },
    );
    expect(chosen.names).to.deep.equal(['container docs', 'volume data']);
    const { faults } = await resolve({ kind: 'container', nameOrId: 'volumebackups' });
    expect(faults[0]).to.match(/^members\[0\]\.container: volumebackups .*recovery points/);
  });

  it('refuses encrypted volumes', async () => {
    const id = await volume('data');
    const stored = region.demo.blockStorage.volumes.get(id)!;
    region.demo.blockStorage.volumes.set(id, { ...stored, encrypted: true });
    const { faults } = await resolve({ kind: 'volume', nameOrId: 'data' });
    expect(faults[0]).to.match(/^members\[0\]\.volume: data \(.*encrypted/);
  });
});
