import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { noProgress } from '../../../kernel/progress.ts';
import { wholeKeys } from '../../../replicator/point/members.ts';
import { recordChecks } from '../../../replicator/point/record-checks.ts';
import { checkPoint } from '../../../replicator/point/verify-point.ts';
import { silentLog } from '../../../kernel/log.ts';
import { currentData } from '../../support/memory/movers.ts';
import { container, Harness, image, volume } from './harness.ts';

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
  return at;
}

/** As `point verify` does it, of the newest, the one before, … */
async function verify(at: Harness, index: number): Promise<void> {
  const point = (await at.ledger.points('shop'))[index]!;
  const opened = await at.deps().openContext(await at.claim(), signal);
  const began = await at.ledger.newestCheck();
  const context = { ...opened, group: 'shop', progress: noProgress, signal };
  const checks = await checkPoint(point, 'content', { movers: at.world.movers, at: context });
  await at.clock.sleep(1_000);
  const since = new Map([...checks.keys()].map((key) => [key, began]));
  const found = { checks, depth: 'content', at: isoTime(at.clock.now()), since } as const;
  await recordChecks(point, found, { ledger: at.ledger, bank: at.bank, log: silentLog, signal });
}

const states = async (at: Harness) => (await at.ledger.points('shop')).map(({ state }) => state);

describe('damage of what points share', () => {
  it('is known of every point that refers to it, from wherever it was seen', async () => {
    for (const seenFrom of [0, 1, 2]) {
      const at = await threePoints();
      at.world.secondary.set(currentData(at.world, image), 'altered');
      await verify(at, seenFrom);
      expect(await states(at)).to.deep.equal(['partial', 'partial', 'partial']);
      for (const point of await at.ledger.points('shop')) {
        expect(wholeKeys(point)).to.deep.equal(['volume/v-1', 'container/photos']);
        const [finding] = point.checked.findings;
        expect(finding).to.deep.include({ resource: 'image/i-1', problem: 'altered' });
      }
    }
  });

  it('is not outweighed by what was read before it was seen, whatever the clock said by then', async () => {
    const at = await threePoints();
    const [point] = await at.ledger.points('shop');
    const since = new Map([[`image/${image.id}`, await at.ledger.newestCheck()]]);
    const checks = new Map([[`image/${image.id}`, { findings: [], damaged: 0 }]]);
    at.world.secondary.set(currentData(at.world, image), 'altered');
    await verify(at, 1);
    const anHourAhead = isoTime(at.clock.now() + 3_600_000);
    const found = { checks, depth: 'content', at: anHourAhead, since } as const;
    const { ledger, bank } = at;
    await recordChecks(point!, found, { ledger, bank, log: silentLog, signal });
    expect((await states(at)).slice(1)).to.deep.equal(['partial', 'partial']);
  });

  it('is not laid to points that do not refer to it', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, container), 'altered');
    await verify(at, 0);
    expect(await states(at)).to.deep.equal(['partial', 'proven', 'proven']);
    const newest = currentData(at.world, volume);
    at.world.secondary.delete(newest);
    await verify(at, 0);
    expect(await states(at)).to.deep.equal(['partial', 'proven', 'proven']);
  });

  it('is gone from all of them when one of them was read and is whole again', async () => {
    const at = await threePoints();
    at.world.secondary.set(currentData(at.world, image), 'altered');
    await verify(at, 1);
    at.world.secondary.set(currentData(at.world, image), 'whole');
    await verify(at, 2);
    expect(await states(at)).to.deep.equal(['proven', 'proven', 'proven']);
  });

  it('is told by a session that meets it, repaired from the primary, and gone from all', async () => {
    const at = await threePoints();
    at.world.secondary.delete(currentData(at.world, image));
    const seen: string[] = [];
    at.world.before = (line) => {
      if (line.startsWith('ship image/i-1 '))
        void states(at).then((found) => seen.push(found.join(' ')));
    };
    expect(await at.protect()).to.include({ phase: 'done', repairs: 1 });
    expect(seen).to.deep.equal(['partial partial partial']);
    expect(await states(at)).to.deep.equal(['proven', 'proven', 'proven', 'proven']);
  });
});
