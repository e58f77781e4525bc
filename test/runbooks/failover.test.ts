import { expect } from 'chai';

import { RequestError } from '../../regions/http/request-error.ts';
import { rejection } from '../support/rejection.ts';
import { keys } from '../../controller/state/keys.ts';
import { Bench, notesOf, stateOf } from './support/bench.ts';
import { container, permanent, transient, volume } from './support/site.ts';

describe('failover', () => {
  it('raises the generation first and restores, checks and measures everything', async () => {
    const bench = new Bench();
    const execution = await bench.run('failover');
    expect(execution.result).to.equal('succeeded');
    expect(execution.generation).to.equal(2);
    expect(execution.point).to.equal('p1');
    expect(execution.rpoSeconds).to.equal(1800);
    expect(execution.rtoSeconds).to.equal(3); // verify, restore, check: a second each
    expect(bench.site.log[0]).to.equal('raise');
    expect(bench.site.held).to.deep.equal(['p1']);
    expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
    expect(notesOf(execution)).to.include('took data 0');
  });

  it('takes the next older proven point when the newest is damaged, and says so', async () => {
    const bench = new Bench();
    bench.site.addPoint('p2', 20);
    bench.site.addPoint('p3', 10);
    bench.site.rotten.add('p3').add('p2');
    const execution = await bench.run('failover');
    expect(execution.result).to.equal('succeeded');
    expect(execution.point).to.equal('p1');
    expect(notesOf(execution)).to.include(
      'point p3 is damaged (bank/x missing: - and 2 more), took p1, 20 minutes older',
    );
    expect(notesOf(execution)).to.include('point p2 is damaged');
    expect(bench.site.log.filter((line) => line.startsWith('verify'))).to.deep.equal([
      'verify p3 content',
      'verify p2 content',
      'verify p1 content',
    ]);
  });

  it('never goes to a newer point than the wanted one', async () => {
    const bench = new Bench();
    bench.site.addPoint('p2', 20);
    bench.site.addPoint('p3', 10);
    bench.site.rotten.add('p2');
    const execution = await bench.run('failover', { params: { point: 'p2', verify: 'listing' } });
    expect(execution.point).to.equal('p1');
    expect(bench.site.log).to.include('verify p2 listing');
    expect(bench.site.log).not.to.include('verify p3 listing');
  });

  it('restores nothing when no point is left, and can be run again after a repair', async () => {
    const bench = new Bench();
    bench.site.rotten.add('p1');
    const { id, ...execution } = await bench.run('failover');
    expect(execution.result).to.equal('failed');
    expect(bench.site.made.size).to.equal(0);
    const choice = execution.steps.find((step) => step.id === 'choose-point')!;
    expect(choice.error?.code).to.equal('point.none-proven');
    expect(choice.error?.message).to.include('nothing was restored');
    expect(execution.rtoSeconds).to.equal(undefined);

    bench.site.rotten.clear();
    bench.site.addPoint('p0', 60);
    await bench.runner.retry(id);
    const again = await bench.ended(id);
    expect(again.result).to.equal('succeeded');
    expect(bench.site.log.filter((line) => line === 'raise')).to.have.length(1);
    expect(again.point).to.equal('p0');
  });

  it('waits for a primary that hangs as long as it was told, and records that it did not answer', async () => {
    const bench = new Bench();
    bench.site.primary = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const execution = await bench.run('failover', { params: { fenceSeconds: 10 } });
    expect(execution.result).to.equal('succeeded');
    expect(execution.rtoSeconds).to.equal(12); // the fence's 10 s, in which the point is checked, restore, check
    const { output } = execution.steps.find((step) => step.id === 'fence-primary')!;
    const { evidence } = output as { evidence: { state: string; detail: string }[] };
    expect(evidence.map(({ state }) => state)).to.deep.equal(Array(3).fill('unreachable'));
    expect(evidence[0]!.detail).to.include('no answer within 10 s');
  });

  it('fences what it can, remembers what was there before, and goes on over a refusal', async () => {
    const bench = new Bench();
    const set: unknown[] = [];
    const refusal = new RequestError('status must be available', {
      code: 'block-storage.refused',
      kind: 'permanent',
      operation: 'set read-only flag',
      region: 'east',
      service: 'block-storage',
      method: 'POST',
      url: '/volumes/v1/action',
      status: 400,
    });
    bench.site.primary = () =>
      Promise.resolve({
        blockStorage: {
          getVolume: () => Promise.resolve({ id: volume.id, readOnly: false }),
          setReadOnly: () => Promise.reject(refusal),
        },
        objectStore: {
          headContainer: () => Promise.resolve({ headers: { 'x-container-write': 'p:*' } }),
          info: () => Promise.resolve({ container_quotas: {} }),
          postContainer: (...change: unknown[]) => Promise.resolve(void set.push(change)),
        },
      } as never);
    const execution = await bench.run('failover');
    expect(execution.result).to.equal('succeeded');
    const fence = execution.steps.find((step) => step.id === 'fence-primary')!;
    const { evidence } = fence.output as { evidence: Record<string, unknown>[] };
    expect(evidence.map(({ state }) => state)).to.deep.equal(['refused', 'not-needed', 'fenced']);
    expect(evidence[2]!['former']).to.deep.equal({
      'x-container-write': 'p:*',
      'x-container-meta-quota-count': null,
    });
    expect(set).to.have.length(1);
    expect(fence.memo).to.have.property('former container/c1');
    expect(notesOf(execution)).to.include('not fenced, refused').and.include('volume/v1');
  });

  it('leaves a container alone that both regions share', async () => {
    const bench = new Bench();
    bench.site.sharedSwift = true;
    bench.site.members = bench.site.members.filter(({ kind }) => kind === 'container');
    bench.site.primary = () => Promise.resolve({ objectStore: {} } as never);
    const execution = await bench.run('failover');
    const { output } = execution.steps.find((step) => step.id === 'fence-primary')!;
    expect(JSON.stringify(output)).to.include('not-needed');
  });

  it('is unchecked when something could not be compared, and failed when it differs', async () => {
    const unsure = new Bench();
    unsure.site.checked = (key) => (key === 'volume/v1' ? 'unchecked' : 'verified');
    const first = await unsure.run('failover');
    expect(first.result).to.equal('unchecked');
    expect(first.rtoSeconds).to.equal(3);

    const wrong = new Bench();
    wrong.site.checked = (key) => (key === 'volume/v1' ? 'mismatch' : 'verified');
    const second = await wrong.run('failover');
    expect(second.result).to.equal('failed');
    expect(second.rtoSeconds).to.equal(undefined);
    expect(stateOf(second, 'check:container/c1')).to.equal('done');

    const told = await new Bench().run('failover', { params: { verifyVolumes: 'none' } });
    expect(told.result).to.equal('unchecked');
    expect(stateOf(told, 'check:volume/v1')).to.equal('unchecked');
  });

  it('tries again after transient failures, with growing pauses, and not after others', async () => {
    const bench = new Bench();
    let left = 3;
    bench.site.before = (line) => {
      if (line !== 'restore volume/v1' || left === 0) return;
      left -= 1;
      // The second: of a service that cannot ask its Keystone.
      throw left === 1 ? permanent('region.unauthorized') : transient();
    };
    const execution = await bench.run('failover');
    expect(execution.result).to.equal('succeeded');
    const restore = execution.steps.find((step) => step.id === 'restore:volume/v1')!;
    expect(restore.attempts).to.equal(4);
    expect(restore.error).to.equal(undefined);
    // Four attempts of 1 s, and pauses of ¾ of 1, 2 and 4 s.
    expect(Date.parse(restore.endedAt!) - Date.parse(restore.startedAt!)).to.equal(9_250);
    expect(bench.site.creations.get('volume/v1')).to.equal(1);

    const other = new Bench();
    other.site.before = (line) => {
      if (line === 'restore volume/v1') throw permanent('block-storage.quota-exceeded');
    };
    const failed = await other.run('failover');
    expect(failed.result).to.equal('failed');
    expect(stateOf(failed, 'check:volume/v1')).to.equal('skipped');
    expect(stateOf(failed, 'check:image/i1')).to.equal('done');
    other.site.before = undefined;
    await other.runner.retry(failed.id);
    const retried = await other.ended(failed.id);
    expect(retried.result).to.equal('succeeded');
    expect(retried.rtoSeconds).to.be.greaterThan(3);
    expect(other.site.log.filter((line) => line === 'restore image/i1')).to.have.length(1);
  });

  it('ends an attempt that takes too long and counts it as a transient failure', async () => {
    const bench = new Bench();
    bench.site.workMs = 25 * 3600_000;
    const execution = await bench.run('failover');
    const restore = execution.steps.find((step) => step.id === 'restore:volume/v1')!;
    expect(restore.error?.code).to.equal('step.timeout');
    expect(restore.attempts).to.equal(6);
    expect(execution.result).to.equal('failed');
  });

  describe('of a group of which not everything is whole', () => {
    it('recovers everything else, is partial, and names what was not', async () => {
      const bench = new Bench();
      bench.site.rotten.add('p1 volume/v1');
      const execution = await bench.run('failover');
      expect(execution).to.include({ result: 'partial', point: 'p1', lacks: 1 });
      expect(execution).not.to.have.property('rtoSeconds');
      expect([...bench.site.creations.keys()]).to.have.members(['image/i1', 'container/c1']);
      expect(notesOf(execution)).to.include('not recovered: volume/v1 (data): its copy is damaged');
      expect(notesOf(execution)).to.include('in the group, but not in point p1: volume/v1');
    });

    it('recovers what is whole of a container, without the objects that are damaged', async () => {
      const bench = new Bench();
      bench.site.chipped.add('p1');
      const execution = await bench.run('failover');
      expect(execution).to.include({ result: 'partial', point: 'p1', lacks: 1 });
      expect([...bench.site.creations.keys()]).to.include('container/c1');
      expect(notesOf(execution)).to.include(
        'not wholly recovered: container/c1 (c1): parts of it, 1, are damaged and left out: c1/o7 missing, - [copy.parts-damaged]',
      );
      expect([...bench.site.leftOut]).to.deep.equal(['ab/abcd']);
    });

    it('takes such a container alone, known as damaged before or not, if none is whole within the RPO', async () => {
      for (const isKnown of [false, true]) {
        const bench = new Bench();
        bench.site.members = [container];
        bench.site.addPoint('p2', 10);
        bench.site.chipped.add('p2').add('p1');
        if (isKnown)
          for (const id of ['p1', 'p2'])
            await bench.site.verifyPoint('shop', id, 'content', null, new AbortController().signal);
        const { id } = await bench.start('failover');
        const execution = await bench.ended(id);
        expect(execution).to.include({ result: 'partial', point: 'p2' });

        const near = new Bench();
        near.site.members = [container];
        near.site.addPoint('p2', 10);
        near.site.chipped.add('p2');
        if (isKnown)
          await near.site.verifyPoint('shop', 'p2', 'content', null, new AbortController().signal);
        expect(await near.run('failover')).to.include({ result: 'succeeded', point: 'p1' });

        const far = new Bench();
        far.site.members = [container];
        far.site.addPoint('p2', 10);
        far.site.addPoint('p0', 120);
        far.site.allPoints = far.site.allPoints.filter(({ id: each }) => each !== 'p1');
        far.site.chipped.add('p2');
        if (isKnown)
          await far.site.verifyPoint('shop', 'p2', 'content', null, new AbortController().signal);
        expect(await far.run('failover')).to.include({ result: 'partial', point: 'p2' });
        expect(await far.run('drill', { params: { point: 'p0' } })).to.include({ point: 'p0' });
      }
    });

    it('prefers an older point in which all is whole, within the RPO objective and not beyond', async () => {
      const near = new Bench();
      near.site.addPoint('p2', 10);
      near.site.rotten.add('p2 volume/v1');
      expect(await near.run('failover')).to.include({ result: 'succeeded', point: 'p1' });

      const far = new Bench();
      far.site.addPoint('p0', 120);
      far.site.allPoints = far.site.allPoints.filter(({ id }) => id !== 'p1');
      far.site.addPoint('p2', 10);
      far.site.rotten.add('p2 volume/v1');
      const execution = await far.run('failover');
      expect(execution).to.include({ result: 'partial', point: 'p2', rpoSeconds: 600 });
    });

    it('takes a point that the order names, if anything of it is whole', async () => {
      const bench = new Bench();
      bench.site.addPoint('p2', 10);
      bench.site.rotten.add('p2 volume/v1');
      const execution = await bench.run('failover', { params: { point: 'p2' } });
      expect(execution).to.include({ result: 'partial', point: 'p2' });
    });

    it('takes resources from an older point by order, whose reason is audited', async () => {
      const bench = new Bench();
      bench.site.addPoint('p2', 10);
      bench.site.rotten.add('p2 volume/v1');
      const older = {
        point: 'p1',
        resources: ['volume/data'],
        reason: 'the database can be older',
      };
      const params = { point: 'p2', older };
      const execution = await bench.run('failover', { params });
      expect(execution).to.include({ result: 'succeeded', point: 'p2', rpoSeconds: 1800 });
      expect(execution.steps.find(({ id }) => id === 'restore:volume/v1')?.params).to.include({
        point: 'p1',
      });
      expect(notesOf(execution)).to.include('volume/v1 is taken from point p1, by order');
      const [audit] = await bench.store.range(keys.audit());
      expect(audit?.value).to.deep.include({
        action: 'failover-mixed-points',
        subject: 'shop',
        reason: 'the database can be older',
      });
      expect(bench.site.held).to.include.members(['p1', 'p2']);
    });

    it('takes all else from the newest point in which that is whole', async () => {
      const bench = new Bench();
      bench.site.addPoint('p2', 10);
      bench.site.rotten.add('p2 volume/v1');
      const older = { point: 'p1', resources: ['volume/data'], reason: 'its base is damaged' };
      const execution = await bench.run('failover', { params: { older } });
      expect(execution).to.include({ result: 'succeeded', point: 'p2' });
    });

    it('recovers all else when the point of such an order is gone by the time it is used', async () => {
      const bench = new Bench();
      bench.site.addPoint('p2', 10);
      bench.site.rotten.add('p2 volume/v1');
      const older = { point: 'p1', resources: ['volume/data'], reason: 'its base is damaged' };
      const { id } = await bench.start('failover', { params: { older } });
      bench.site.allPoints = bench.site.allPoints.filter((point) => point.id !== 'p1');
      const execution = await bench.ended(id);
      expect(execution).to.include({ result: 'partial', point: 'p2' });
      expect(notesOf(execution)).to.include(
        'volume/data was to be taken from point p1, which is gone',
      );
    });

    it('refuses such an order, before anything is changed, when that point has no whole copy', async () => {
      const bench = new Bench();
      const refused = async (point: string, resource: string) => {
        const older = { point, resources: [resource], reason: 'x' };
        const order = bench.start('failover', { params: { older } });
        return (await rejection(order)).code;
      };
      expect(await refused('p9', 'volume/v1')).to.equal('point.not-found');
      expect(await refused('p1', 'volume/v9')).to.equal('point.copy-missing');
      expect(bench.site.generation).to.equal(1);
    });

    it('says of a data time that is yet to come that the RPO is unknown, and never that it was met', async () => {
      const bench = new Bench();
      bench.site.allPoints = [];
      bench.site.addPoint('p1', -60 * 24 * 30);
      const execution = await bench.run('failover');
      expect(execution).not.to.have.property('rpoSeconds');
      expect(notesOf(execution)).to.include('RPO is unknown');
    });
  });

  for (const parallel of [1, 4, 7])
    it(`restores at most ${parallel} resources at once`, async () => {
      const bench = new Bench();
      bench.site.checked = () => 'verified';
      bench.site.members = Array.from({ length: 12 }, (_, at) => ({
        kind: 'image',
        id: `i${at}`,
        name: `image ${at}`,
      }));
      let most = 0;
      const { id } = await bench.start('failover', { params: { parallel } });
      for await (const { steps } of bench.runner.watch(id, new AbortController().signal)) {
        const running = steps.filter(({ state }) => state === 'running');
        most = Math.max(most, running.filter(({ type }) => type === 'restore').length);
      }
      expect(most).to.equal(parallel);
      expect(bench.site.busiest).to.be.at.most(2 * parallel);
    });

  it('stops after the steps under way when cancelled, and goes on when ordered again', async () => {
    const bench = new Bench();
    const { id } = await bench.start('failover', { params: { parallel: 1 } });
    await bench.until(id, (each) => stateOf(each, 'restore:volume/v1') === 'running');
    await bench.runner.cancel(id);
    const execution = await bench.ended(id);
    expect(execution.result).to.equal('cancelled');
    expect(stateOf(execution, 'restore:volume/v1')).to.equal('done');
    expect(stateOf(execution, 'restore:image/i1')).to.equal('skipped');
    await bench.runner.retry(id);
    expect((await bench.ended(id)).result).to.equal('succeeded');
    expect(bench.site.creations.get('volume/v1')).to.equal(1);
  });

  it('names members that the point does not hold, and does not call an empty point a success', async () => {
    const bench = new Bench();
    const { id } = await bench.start('failover');
    await bench.until(id, (each) => each.point !== undefined);
    bench.site.added.push({ kind: 'volume', id: 'v9', name: 'new' });
    expect(notesOf(await bench.ended(id))).to.include('not in point p1: volume/v9');

    const empty = new Bench();
    empty.site.members = [];
    expect((await empty.run('failover')).result).to.equal('unchecked');
  });
});
