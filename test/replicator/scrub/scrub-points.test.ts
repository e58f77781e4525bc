import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { noProgress } from '../../../kernel/progress.ts';
import type { TargetContext } from '../../../replicator/mover.ts';
import { limited } from '../../../replicator/scrub/limited.ts';
import type { Suspects } from '../../../replicator/scrub/record.ts';
import {
  beginRound,
  scrubPoints,
  type ScrubPlace,
  type ScrubStep,
} from '../../../replicator/scrub/scrub-points.ts';
import { Rate } from '../../../replicator/transfer/rate.ts';
import { dataNames } from '../../support/memory/copies.ts';
import { rejection } from '../../support/rejection.ts';
import { currentData } from '../../support/memory/movers.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { readManifest } from '../../../replicator/point/read-manifest.ts';
import { container, Harness, image, volume } from '../session/harness.ts';

const signal = new AbortController().signal;

/** Three points that share the image, and the base of the volume's backups. */
async function threePoints(): Promise<Harness> {
  const at = new Harness();
  at.retention = { ...at.retention, last: 9 };
  for (const content of ['first content', 'second', 'third']) {
    at.write('volume/v-1', content);
    at.write('container/photos', content);
    await at.protect();
  }
  at.world.log.splice(0);
  return at;
}

async function contextOf(at: Harness): Promise<TargetContext> {
  const session = (await at.ledger.session('shop'))!;
  const opened = await at.deps().openContext(session, signal);
  return { ...opened, group: 'shop', progress: noProgress, signal };
}

interface Round {
  readonly suspects: Suspects;
  readonly after: ScrubPlace | null;
}

async function begin(at: Harness): Promise<Round> {
  await at.clock.sleep(86_400_000);
  return await beginRound({ ledger: at.ledger, at: await contextOf(at) });
}

async function scrub(at: Harness, round: Round, steps = Infinity): Promise<ScrubStep[]> {
  const { world, ledger, clock } = at;
  const context = await contextOf(at);
  const deps = { movers: world.movers, ledger, at: context, clock, log: silentLog };
  const seen: ScrubStep[] = [];
  for await (const step of scrubPoints(round, deps)) {
    seen.push(step);
    if (seen.length === steps) break;
  }
  return seen;
}

const read = (at: Harness) =>
  at.world.log.filter((line) => line.startsWith('scrub ')).map((line) => line.split(' ')[2]!);
const states = async (at: Harness) => (await at.ledger.points('shop')).map(({ state }) => state);

async function allData(at: Harness): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const point of await at.ledger.points('shop'))
    for (const copy of (await readManifest(at.bank, point, signal)).copies)
      for (const name of dataNames(copy)) names.add(name);
  return [...names];
}

describe('scrubbing the points of a group', () => {
  it('reads all that any of them refers to, each stored thing once', async () => {
    const at = await threePoints();
    const names = await allData(at);
    await scrub(at, await begin(at));
    expect(read(at)).to.have.members(names).and.have.length(names.length);
    expect(names).to.have.length(7);
  });

  it('killed after any step, and gone on with, it reads every thing once all the same', async () => {
    for (let kill = 1; kill < 7; kill += 1) {
      const at = await threePoints();
      const round = await begin(at);
      const steps = await scrub(at, round, kill);
      await scrub(at, { ...round, after: steps.at(-1)!.place });
      expect(read(at))
        .to.have.members(await allData(at))
        .and.have.length(7);
    }
  });

  it('records damage of an old shared thing for all points that have it, in one transaction', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, image), 'altered');
    const names = await allData(at);
    const transactions: number[] = [];
    const record = at.ledger.recordChecks.bind(at.ledger);
    at.ledger.recordChecks = (group, checked, seen) => {
      transactions.push(checked.points.size);
      return record(group, checked, seen);
    };
    await scrub(at, await begin(at));
    expect(transactions).to.deep.equal([3]);
    expect(await states(at)).to.deep.equal(['partial', 'partial', 'partial']);
    for (const { checked } of await at.ledger.points('shop')) {
      expect(checked.depth).to.equal('content');
      expect(checked.findings.map(({ resource }) => resource)).to.deep.equal(['image/i-1']);
    }
    expect(read(at)).to.have.length(names.length);
  });

  it('tells nobody of damage without a point that was committed meanwhile, and reads it again', async () => {
    const at = await threePoints();
    const altered = currentData(at.world, image);
    at.world.secondary.set(altered, 'altered');
    const round = await begin(at);
    let isDone = false;
    const record = at.ledger.recordChecks.bind(at.ledger);
    at.ledger.recordChecks = async (...found) => {
      if (isDone) return record(...found);
      isDone = true;
      // Its session took the group over: the scrub does not know yet.
      at.write('volume/v-1', 'fourth');
      await at.protect();
      return record(...found);
    };
    expect((await rejection(scrub(at, round))).code).to.equal('point.others-changed');
    expect(await states(at)).to.deep.equal(Array(4).fill('proven'));
    await scrub(at, round);
    expect(await states(at)).to.deep.equal(Array(4).fill('partial'));
  });

  it('says how far it is only when what it found is recorded', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, container), 'altered');
    at.ledger.before = () => {
      throw new Error('killed');
    };
    const round = await begin(at);
    const seen: ScrubStep[] = [];
    const context = await contextOf(at);
    const deps = { movers: at.world.movers, ledger: at.ledger, at: context };
    const killed = (async () => {
      for await (const step of scrubPoints(round, { ...deps, clock: at.clock, log: silentLog }))
        seen.push(step);
    })();
    expect(await killed.catch((error: unknown) => (error as Error).message)).to.equal('killed');
    at.ledger.before = undefined;
    await scrub(at, { ...round, after: seen.at(-1)?.place ?? null });
    expect(await states(at)).to.deep.equal(['partial', 'proven', 'proven']);
  });

  it('keeps what was known of a point, beside what it finds', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, image), 'altered');
    await scrub(at, await begin(at));
    at.world.secondary.delete(currentData(at.world, volume));
    await scrub(at, await begin(at));
    const [newest, second] = await at.ledger.points('shop');
    const found = newest!.checked.findings.map(({ resource, problem }) => [resource, problem]);
    expect(found).to.have.deep.members([
      ['image/i-1', 'altered'],
      ['volume/v-1', 'missing'],
    ]);
    expect(newest!.checked.damaged).to.equal(2);
    expect(second!.checked.damaged).to.equal(1);
  });

  it('is repaired from the primary by the next session', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, image), 'altered');
    await scrub(at, await begin(at));
    expect(await at.protect()).to.include({ phase: 'done' });
    expect(at.world.secondary.get(currentData(at.world, image))).to.equal('whole');
    expect(await states(at)).to.deep.equal(['proven', 'proven', 'proven', 'proven']);
  });

  it('makes a point proven again of which a whole round read everything, and not sooner', async () => {
    const at = await threePoints();
    const name = currentData(at.world, image);
    at.world.secondary.set(name, 'altered');
    await scrub(at, await begin(at));
    at.world.secondary.set(name, 'whole');
    const round = await begin(at);
    const steps = await scrub(at, round, 6);
    expect(await states(at)).to.deep.equal(['partial', 'partial', 'partial']);
    await scrub(at, { ...round, after: steps.at(-1)!.place });
    expect(await states(at)).to.deep.equal(['proven', 'proven', 'proven']);
  });

  it('does not outweigh damage that somebody else finds after it has read', async () => {
    const at = await threePoints();
    const name = currentData(at.world, image);
    at.world.secondary.set(name, 'altered');
    await scrub(at, await begin(at));
    at.world.secondary.set(name, 'whole');
    const round = await begin(at);
    const steps = await scrub(at, round, 5);
    const [newest] = await at.ledger.points('shop');
    const found = { ...newest!.checked, serial: 1 + (await at.ledger.newestCheck()) };
    await at.ledger.savePoint({ ...newest!, checked: found });
    await scrub(at, { ...round, after: steps.at(-1)!.place });
    expect(await states(at)).to.deep.equal(['partial', 'proven', 'proven']);
  });

  it('does not take its own findings back, though the clock was set back under it', async () => {
    const at = await threePoints();
    const round = await begin(at);
    const later = await at.ledger.points('shop');
    at.world.secondary.set(currentData(at.world, image), 'altered');
    const now = at.clock.now.bind(at.clock);
    at.clock.now = () => now() - 30 * 86_400_000;
    await scrub(at, round);
    expect(await states(at)).to.deep.equal(['partial', 'partial', 'partial']);
    for (const [index, { checked }] of (await at.ledger.points('shop')).entries())
      expect(checked.at < later[index]!.checked.at).to.equal(true);
    await scrub(at, round);
    expect(await states(at)).to.deep.equal(['partial', 'partial', 'partial']);
  });

  it('finds a manifest that is altered, and says so of its point alone, once', async () => {
    const at = await threePoints();
    const [, second] = await at.ledger.points('shop');
    const { object } = second!.manifest;
    const link = at.store.stored.get('farshore')!.current.get(object)!;
    Object.assign(link.stored, { body: Buffer.from('{}\n') });
    await scrub(at, await begin(at));
    expect(await states(at)).to.deep.equal(['proven', 'damaged', 'proven']);
    const writes = at.ledger.writes.length;
    await scrub(at, await begin(at));
    expect(at.ledger.writes.length).to.equal(writes);
  });

  it('leaves alone what is expiring, lies elsewhere, or is of another release', async () => {
    const at = await threePoints();
    const [newest, second, third] = await at.ledger.points('shop');
    await at.ledger.savePoint({ ...newest!, state: 'expiring' });
    await at.ledger.savePoint({ ...second!, region: 'north' });
    await at.ledger.savePoint({ ...third!, formats: ['manifest/9'] });
    await scrub(at, await begin(at));
    expect(read(at)).to.deep.equal([]);
  });
});

describe('reading at a rate', () => {
  it('is held for objects, images and catalogs together, and changes no byte', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock, 1_000_000);
    const store = new MemoryObjectStore();
    await store.putContainer('c');
    const body = Buffer.alloc(2_000_000, 'x');
    await store.put('c', 'o', body, { contentLength: body.length });
    const data = () => Readable.from([body.subarray(0, 250_000)]);
    const images = {
      download: () => Promise.resolve(data()),
      downloadFrom: (_: string, from: number) => Promise.resolve({ body: data(), from }),
    };
    const bank = {
      store,
      container: 'farshore',
      async *readCatalog() {
        await Promise.resolve();
        yield 'row';
      },
    };
    const target = { objectStore: store, images };
    const at = limited({ target, bank, signal } as unknown as TargetContext, rate);
    const startMs = clock.monotonicMs();
    const object = await at.target.objectStore.get('c', 'o');
    const part = await at.target.images.downloadFrom('i', 7);
    const [one, two, three, rows] = await Promise.all([
      buffer(object!.body),
      buffer(await at.target.images.download('i')),
      buffer(part.body),
      Readable.from(
        at.bank.readCatalog({ object: 'k', sha256: '', rows: 1, bytes: 250_000 }),
      ).toArray(),
    ]);
    const lengths = [two.length, three.length, part.from];
    expect([one.equals(body), lengths, rows]).to.deep.equal([true, [250_000, 250_000, 7], ['row']]);
    expect(clock.monotonicMs() - startMs).to.be.within(2_700, 2_800);
    expect(rate.bytes).to.equal(2_750_000);
    expect(at.bank.container).to.equal('farshore');
    expect(await at.target.objectStore.head('c', 'none')).to.equal(null);
  });
});
