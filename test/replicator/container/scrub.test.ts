import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import type { Scrubbed } from '../../../replicator/mover.ts';
import { scrubUntil } from '../../support/break-off.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { put } from './fixture.ts';
import { Harness } from './harness.ts';

type Step = Scrubbed<ContainerCopy>;

const mib = 1024 * 1024;

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  copy[at] = copy[at]! ^ 1;
  return copy;
}

const keyOf = (body: string): string => {
  const hash = createHash('sha256').update(body).digest('hex');
  return `${hash.slice(0, 2)}/${hash}`;
};

describe('container mover: scrub', () => {
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let h: Harness;
  let copies: ContainerCopy[];

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    for (const container of ['docs', 'other']) await east.putContainer(container);
    for (const n of [1, 2, 3, 4]) await put(east, 'docs', `shared ${n}`, `body ${n}`);
    await put(east, 'docs', 'early', 'only in the first');
    await put(east, 'other', 'twin', 'body 1');
    const first = await h.protect('docs', 's1');
    await east.delete('docs', 'early');
    const second = await h.protect('docs', 's2', first);
    await put(east, 'docs', 'late', 'only in the third');
    const third = await h.protect('docs', 's3', second);
    copies = [third, second, first, await h.protect('other', 's3')];
    west.forget();
  });

  afterEach(() => h.close());

  async function scrub(after = ''): Promise<Step[]> {
    const steps: Step[] = [];
    for await (const step of h.mover.scrub(copies, after, h.target())) steps.push(step);
    return steps;
  }

  const read = () =>
    west.requests
      .filter(({ method, object }) => method === 'GET' && object?.includes('/objects/') === true)
      .map(({ object }) => object?.slice('shop/objects/'.length));

  const stored = (key: string) => west.stored.get('farshore')!.current.get(`shop/objects/${key}`)!;

  const all = ['body 1', 'body 2', 'body 3', 'body 4', 'only in the first', 'only in the third'];

  it('reads every stored thing once, however many points and containers share it', async () => {
    const steps = await scrub();
    expect(steps.flatMap(({ damage }) => damage)).to.deep.equal([]);
    expect(read()).to.have.members(all.map(keyOf)).and.have.length(all.length);
    expect(steps.at(-1)?.upTo).to.equal(all.map(keyOf).toSorted().at(-1));
  });

  it('finds a flipped byte of an old object, and names every copy that has it', async () => {
    Object.assign(stored(keyOf('body 1')).stored, { body: Buffer.from('bodY 1') });
    const damage = (await scrub()).flatMap((step) => step.damage);
    expect(damage.map(({ copy }) => copy)).to.have.members(copies);
    for (const { copy, findings, damaged } of damage) {
      expect(damaged).to.equal(1);
      const [subject, resource] =
        copy.container === 'docs'
          ? ['docs/shared 1', 'container/docs']
          : ['other/twin', 'container/other'];
      expect(findings[0]).to.deep.include({
        resource,
        subject,
        stored: keyOf('body 1'),
        problem: 'altered',
      });
    }
  });

  it('lays no damage to copies that do not have it', async () => {
    west.stored.get('farshore')!.current.delete(`shop/objects/${keyOf('only in the first')}`);
    const damage = (await scrub()).flatMap((step) => step.damage);
    expect(damage.map(({ copy }) => copy)).to.deep.equal([copies[2]]);
    expect(damage[0]!.findings[0]).to.deep.include({ subject: 'docs/early', problem: 'missing' });
  });

  it('looks twice before it says that something is missing', async () => {
    let refused = 0;
    const key = keyOf('body 2');
    const link = stored(key);
    west.before = ({ method, object }) => {
      if (method !== 'GET' || object !== `shop/objects/${key}`) return;
      const { current } = west.stored.get('farshore')!;
      if (refused++ === 0) current.delete(object);
      else current.set(object, link);
    };
    expect((await scrub()).flatMap(({ damage }) => damage)).to.deep.equal([]);
    expect(refused).to.equal(2);
  });

  it('goes on from where it stood', async () => {
    const [, , third] = all.map(keyOf).toSorted();
    await scrub(third);
    expect(read()).to.have.members(all.map(keyOf).filter((key) => key > third!));
  });

  it('says of a lost catalog which copies it was of, and reads the rest', async () => {
    await west.delete('farshore', copies[2]!.catalog.object);
    west.forget();
    const steps = await scrub();
    expect(steps[0]!.upTo).to.equal('');
    expect(steps[0]!.damage.map(({ copy }) => copy)).to.deep.equal([copies[2]]);
    expect(steps[0]!.damage[0]!.findings[0]).to.deep.include({
      problem: 'missing',
      stored: copies[2]!.catalog.object,
    });
    expect(steps.slice(1).flatMap(({ damage }) => damage)).to.deep.equal([]);
    expect(read()).to.have.length(all.length - 1);
  });

  it('is repaired from the primary by the next session, for all that share it', async () => {
    const key = keyOf('body 3');
    Object.assign(stored(key).stored, { body: Buffer.from('bodY 3') });
    const damage = (await scrub()).flatMap((step) => step.damage);
    const newest = damage.find(({ copy }) => copy === copies[0])!;
    await h.protect('docs', 's4', copies[0], { damage: newest.findings });
    expect((await scrub()).flatMap((step) => step.damage)).to.deep.equal([]);
  });

  describe('of a large object', () => {
    const body = randomBytes(9 * mib);
    let large: ReturnType<typeof stored>['stored'];

    beforeEach(async () => {
      await east.put('docs', 'large', body, { contentLength: body.length });
      copies = [await h.protect('docs', 's4', copies[0])];
      const { current } = west.stored.get('farshore')!;
      const key = [...current.keys()].find((name) => name.includes('/objects/large/'))!;
      large = current.get(key)!.stored;
    });

    const part = (mostBytes: number) =>
      scrubUntil(mostBytes, h.target(), (at) => h.mover.scrub(copies, '', at));
    const problems = ({ steps }: Awaited<ReturnType<typeof part>>) =>
      steps.flatMap(({ damage }) =>
        damage.flatMap(({ findings }) => findings.map((f) => f.problem)),
      );

    it('goes on where it was broken off, so often as it is', async () => {
      const parts = [await part(3 * mib), await part(3 * mib), await part(Infinity)];
      expect(problems(parts[2]!)).to.deep.equal([]);
      const read = parts.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(read).to.be.within(body.length, body.length + 2 * mib);
      // The round after reads all of it again.
      expect((await part(Infinity)).bytes).to.be.at.least(body.length);
    });

    it('begins anew where the store does not read from the middle', async () => {
      await part(3 * mib);
      west.readsRanges = false;
      const whole = await part(Infinity);
      expect(whole.bytes).to.be.at.least(body.length);
      expect(problems(whole)).to.deep.equal([]);
    });

    it('finds what was altered before that place and after it, or was lost there', async () => {
      for (const [first, then, problem] of [
        [flipped(body, 5), flipped(body, 5), 'altered'],
        [body, flipped(body, body.length - 1), 'altered'],
        [body, body.subarray(0, mib), 'truncated'],
      ] as const) {
        Object.assign(large, { body: first });
        await part(3 * mib);
        Object.assign(large, { body: then });
        expect(problems(await part(Infinity)), problem).to.deep.equal([problem]);
      }
    });
  });

  it('throws what the region throws: that it is away is no damage', async () => {
    west.before = ({ method, object }) => {
      if (method === 'GET' && object?.includes('/objects/') === true) throw new Error('away');
    };
    const error = await scrub().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property('message', 'away');
  });
});
