import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import { createMovers, inRestoreOrder, kindOf, kinds } from '../../replicator/kinds.ts';
import { moverOf, resourceKey, type Copy, type Movers } from '../../replicator/mover.ts';
import { catalogsOf, storedThingsOf } from '../../replicator/point/copies.ts';
import { resourceSteps } from '../../runbooks/plans/resources.ts';
import { sampleManifest } from './point/sample.ts';

const replicator = join(import.meta.dirname, '../../replicator');
const ambient = { clock: systemClock, random: systemRandom, log: silentLog };

/** Each kind's tests have a copy of it: `<kind>/sample-copy.ts`. */
async function sampleOf(kind: string): Promise<Copy> {
  const { sampleCopy } = (await import(`./${kind}/sample-copy.ts`)) as { sampleCopy: Copy };
  return sampleCopy;
}

describe('the list of kinds', () => {
  it('has every folder that holds a kind', async () => {
    const files = await readdir(replicator, { recursive: true });
    const folders = files.filter((file) => /^[^/]+\/kind\.ts$/.test(file));
    expect(folders.map((file) => file.split('/')[0]).sort()).to.deep.equal(
      kinds.map(({ name }) => name).sort(),
    );
  });

  it('has each name and each plural once, in what a document can say', () => {
    const words = kinds.flatMap(({ name, plural }) => [name, plural]);
    expect(new Set(words).size).to.equal(words.length);
    for (const word of words) expect(word).to.match(/^[a-z]+$/);
  });

  it('makes a mover of each kind that says the same name', () => {
    const movers = createMovers(ambient, '/nowhere');
    for (const { name } of kinds) expect(moverOf(movers, name).kind).to.equal(name);
    expect(Object.keys(movers)).to.have.length(kinds.length);
  });

  it('can be brought into an order', () => {
    const names = kinds.map(({ name }) => name);
    expect(inRestoreOrder(names, (name) => name).flat()).to.have.members(names);
  });

  it('knows no kind of a newer release, nor what an object has of itself', () => {
    for (const name of ['server', 'constructor', '__proto__']) {
      expect(() => kindOf(name))
        .to.throw()
        .with.property('code', 'kind.unknown');
      const movers: Movers = {};
      expect(() => moverOf(movers, name))
        .to.throw()
        .with.property('code', 'kind.unknown');
    }
  });

  for (const { name, schema } of kinds)
    it(`reads the ${name}'s own copies and no more`, async () => {
      const copy = await sampleOf(name);
      expect(schema.copy.safeParse(copy).success).to.equal(true);
      expect(copy.format).to.equal(schema.formats.at(-1));
      const others = [
        { ...copy, format: Math.max(...schema.formats) + 1 },
        { ...copy, kind: 'server' },
        { ...copy, resource: { ...copy.resource, kind: 'server' } },
        { ...copy, flavour: 'm1' },
      ];
      for (const other of others) expect(schema.copy.safeParse(other).success).to.equal(false);
    });

  it('names what a copy depends on: things that fail alone, and every catalog', async () => {
    for (const { name } of kinds) {
      const copy = await sampleOf(name);
      const things = storedThingsOf(copy);
      expect(things).not.to.have.length(0);
      expect(things).to.include.members(catalogsOf(copy).map((object) => `catalog/${object}`));
    }
    const [backup] = storedThingsOf(await sampleOf('volume'));
    expect(backup).to.match(/^backup\/[0-9a-f]{8}$/);
  });
});

describe('the order of kinds', () => {
  const list = [
    { name: 'server', after: ['volume', 'network'] },
    { name: 'volume', after: [] },
    { name: 'network', after: ['router'] },
    { name: 'router', after: [] },
  ];

  it('puts what is needed into the layers before', () => {
    const layers = inRestoreOrder(['server', 'router', 'network', 'volume'], (name) => name, list);
    expect(layers).to.deep.equal([['router', 'volume'], ['network'], ['server']]);
  });

  it('leaves no empty layer for what is not there', () => {
    const layers = inRestoreOrder(['server', 'volume'], (name) => name, list);
    expect(layers).to.deep.equal([['volume'], ['server']]);
  });

  it('lets a restore wait for the resources that it needs, as far as the point has them', () => {
    const all = sampleManifest();
    const [first, second] = all.copies;
    const needed = resourceKey(first!.resource);
    const steps = resourceSteps(all, ['choose-point'], {}, (copy) =>
      copy === second ? [needed, 'volume/not-in-the-point'] : [],
    );
    const needsOf = (key: string) => steps.find(({ id }) => id === `restore:${key}`)!.needs;
    expect(needsOf(needed)).to.deep.equal(['choose-point']);
    expect(needsOf(resourceKey(second!.resource))).to.deep.equal([
      'choose-point',
      `restore:${needed}`,
    ]);
  });
});
