import { expect } from 'chai';
import { Bench } from './support/bench.ts';
import { container, volume } from './support/site.ts';

describe('what a check finds', () => {
  for (const isCopyDamaged of [true, false])
    it(`reads a copy again when what was made of it differs, and it ${isCopyDamaged ? 'is damaged' : 'is whole'}`, async () => {
      const bench = new Bench();
      bench.site.checked = (key) => {
        if (key !== 'volume/v1') return 'verified';
        if (isCopyDamaged) bench.site.rotten.add('p1 volume/v1');
        return 'mismatch';
      };
      expect((await bench.run('failover')).result).to.equal('failed');
      const [point] = bench.site.allPoints;
      expect(point!.state).to.equal(isCopyDamaged ? 'partial' : 'proven');
      const damaged = point!.members.filter(({ state }) => state === 'damaged');
      expect(damaged.map(({ resource }) => resource.id)).to.deep.equal(isCopyDamaged ? ['v1'] : []);
    });

  it('restores again what a check found incomplete, and not what it found whole', async () => {
    const bench = new Bench();
    bench.site.members = [container, volume];
    bench.site.checked = (key) => (key.startsWith('container/') ? 'unchecked' : 'verified');
    bench.site.isIncomplete = true;
    const { id } = await bench.run('failover');
    const restores = () => bench.site.log.filter((line) => line.startsWith('restore '));
    const first = restores();
    expect(first).to.have.length(2);
    bench.site.checked = () => 'verified';
    bench.site.isIncomplete = false;
    await bench.runner.retry(id);
    expect((await bench.ended(id)).result).to.equal('succeeded');
    expect(restores().slice(2)).to.deep.equal(first.filter((line) => line.includes('container/')));
  });

  it('tries every point of which something survives, when the newest turns out to hold nothing', async () => {
    const bench = new Bench();
    const { site } = bench;
    site.members = [container];
    site.addPoint('p2', 10);
    site.chipped.add('p2').add('p1');
    for (const id of ['p1', 'p2'])
      await site.verifyPoint('shop', id, 'content', null, new AbortController().signal);
    site.chipped.delete('p2');
    site.rotten.add('p2');
    expect(await bench.run('failover')).to.include({ result: 'partial', point: 'p1' });
  });
});
