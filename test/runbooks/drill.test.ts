import { expect } from 'chai';

import { resourceKey } from '../../replicator/mover.ts';
import { rejection } from '../support/rejection.ts';
import { Bench, notesOf, stateOf } from './support/bench.ts';
import { permanent, transient } from './support/site.ts';

describe('drill', () => {
  it('restores under scratch names, checks, and leaves nothing; production is not touched', async () => {
    const bench = new Bench();
    const names = new Set<string>();
    bench.site.after = () => [...bench.site.made.keys()].forEach((name) => names.add(name));
    const execution = await bench.run('drill');
    expect(execution.result).to.equal('succeeded');
    expect(execution.rpoSeconds).to.equal(1800);
    expect(execution.rtoSeconds).to.equal(3);
    expect(names.size).to.equal(3);
    for (const name of names) expect(name).to.match(new RegExp(`^farshore-drill-${execution.id}-`));
    expect(bench.site.made.size).to.equal(0);
    expect(bench.site.generation).to.equal(1);
    expect(bench.site.log).not.to.include.members(['raise']);
    expect(bench.site.log.filter((line) => line.startsWith('primary'))).to.deep.equal([]);
  });

  it('cleans up and takes inventory after a restore that failed half-way', async () => {
    const bench = new Bench();
    bench.site.before = (line) => {
      if (line === 'restore volume/v1') throw permanent('block-storage.refused');
    };
    const execution = await bench.run('drill');
    expect(execution.result).to.equal('failed');
    expect(bench.site.creations.get('volume/v1')).to.equal(1);
    expect(bench.site.made.size).to.equal(0);
    expect(stateOf(execution, 'inventory')).to.equal('done');
    expect(execution.rtoSeconds).to.equal(undefined);
    expect(notesOf(execution)).to.include('RTO was not reached');
  });

  it('waits for deletions that services do in the background', async () => {
    const bench = new Bench();
    let looks = 0;
    bench.site.before = (line) => {
      if (line === 'inventory volume' && looks++ < 3)
        bench.site.made.set(scratch(bench), 'volume/x');
      else if (line === 'inventory volume') bench.site.made.clear();
    };
    expect((await bench.run('drill')).result).to.equal('succeeded');
    expect(looks).to.equal(4);
  });

  it('fails and names what is left; a retry cleans up once more', async () => {
    const bench = new Bench();
    bench.site.before = (line) => {
      if (line.startsWith('inventory')) bench.site.made.set(scratch(bench), 'volume/x');
    };
    const execution = await bench.run('drill');
    expect(execution.result).to.equal('failed');
    const { error, output } = execution.steps.find((step) => step.id === 'inventory')!;
    expect(error?.code).to.equal('drill.leftovers');
    expect(error?.message).to.include(scratch(bench));
    expect(output).to.deep.equal({ left: [scratch(bench)] });

    bench.site.before = undefined;
    bench.site.made.clear();
    bench.site.log.length = 0;
    await bench.runner.retry(execution.id);
    const again = await bench.ended(execution.id);
    expect(again.result).to.equal('succeeded');
    expect(bench.site.log).to.include('discard volume/v1');
    expect(bench.site.log.some((line) => line.startsWith('restore'))).to.equal(false);
  });

  it('discards the others when one can not be discarded, and tries again what may pass', async () => {
    const bench = new Bench();
    let left = 2;
    bench.site.before = (line) => {
      if (line === 'discard volume/v1' && left-- > 0) throw transient();
    };
    const execution = await bench.run('drill');
    expect(execution.result).to.equal('succeeded');
    expect(execution.steps.find((step) => step.id === 'cleanup')!.attempts).to.equal(3);
  });

  it('drops what it is doing when cancelled, and cleans up', async () => {
    const bench = new Bench();
    bench.site.workMs = 3600_000;
    const { id } = await bench.start('drill');
    await bench.until(id, (each) => each.steps.some((step) => step.memo['name'] !== undefined));
    const before = bench.clock.now();
    await bench.runner.cancel(id);
    await bench.runner.cancel(id);
    const execution = await bench.ended(id);
    expect(execution.result).to.equal('cancelled');
    expect(bench.clock.now() - before).to.be.below(60_000);
    expect(bench.site.creations.size).to.be.above(0);
    expect(bench.site.made.size).to.equal(0);
    expect(stateOf(execution, 'inventory')).to.equal('done');
    const failed = execution.steps.find((step) => step.state === 'failed')!;
    expect(failed.error?.code).to.equal('execution.cancelled');
  });

  it('has failed, and is not just cancelled, when it could not clean up', async () => {
    const bench = new Bench();
    bench.site.workMs = 3600_000;
    bench.site.before = (line) => {
      if (line.startsWith('discard')) throw permanent();
    };
    const { id } = await bench.start('drill');
    await bench.until(id, (each) => each.steps.some((step) => step.memo['name'] !== undefined));
    await bench.runner.cancel(id);
    expect((await bench.ended(id)).result).to.equal('failed');
  });

  it('waits at its gate until approved', async () => {
    const bench = new Bench();
    const { id } = await bench.start('drill', { params: { hold: true } });
    const waiting = await bench.until(id, (each) => each.state === 'waiting');
    expect(stateOf(waiting, 'cleanup')).to.equal('waiting');
    expect(bench.site.made.size).to.equal(3);
    await bench.runner.approve(id, 'cleanup');
    expect((await bench.ended(id)).result).to.equal('succeeded');
    expect(bench.site.made.size).to.equal(0);
  });

  it('is cleaned up without an approval when cancelled at its gate', async () => {
    const bench = new Bench();
    const { id } = await bench.start('drill', { params: { hold: true } });
    await bench.until(id, (each) => each.state === 'waiting');
    await bench.runner.cancel(id);
    await bench.ended(id);
    expect(bench.site.made.size).to.equal(0);
  });

  for (const runbook of ['drill', 'failover'] as const)
    it(`changes nothing in a dry run of a ${runbook}, and lists steps and sizes`, async () => {
      const bench = new Bench();
      const execution = await bench.start(runbook, { dryRun: true });
      expect(execution.state).to.equal('ended');
      expect(execution.point).to.equal('p1');
      expect(execution.steps.every((step) => step.state === 'skipped')).to.equal(true);
      const restore = execution.steps.find((step) => step.id === 'restore:volume/v1')!;
      expect(restore.params['bytes']).to.equal('p1 content'.length);
      expect(bench.site.log).to.deep.equal(['manifest p1']);
      expect(bench.site.held).to.deep.equal([]);
      expect(await bench.journal.load(execution.id)).to.deep.equal(execution);
    });

  it('chooses in a dry run as the execution would, by what is recorded', async () => {
    const bench = new Bench();
    const { site } = bench;
    site.verifyMs = 0;
    site.addPoint('p2', 10);
    site.rotten.add('p2 volume/v1');
    await site.verifyPoint('shop', 'p2', 'content', null, new AbortController().signal);
    const planned = await bench.start('failover', { dryRun: true });
    expect(planned).to.include({ result: 'succeeded', point: 'p1', rpoSeconds: 1800 });

    const older = { point: 'p1', resources: ['volume/data'], reason: 'x' };
    const mixed = { params: { point: 'p2', older }, dryRun: true };
    expect(await bench.start('failover', mixed)).to.include({
      ...{ result: 'succeeded', point: 'p2', rpoSeconds: 1800 },
    });

    // Its manifest is gone, which nobody knows yet.
    site.addPoint('p3', 5);
    site.lost.add('p3');
    expect(await bench.start('failover', { dryRun: true })).to.include({ point: 'p1' });
  });

  it('fails in a dry run at what stands in the way in the secondary, and goes on with the rest', async () => {
    const bench = new Bench();
    bench.site.obstacles = (copies) =>
      copies
        .filter(({ kind }) => kind === 'volume')
        .map(({ resource }) => ({
          resource: resourceKey(resource),
          error: permanent('volume.type-missing'),
        }));
    const { result, steps } = await bench.start('failover', { dryRun: true });
    expect(result).to.equal('failed');
    const failed = steps.filter(({ state }) => state !== 'skipped');
    expect(failed.map(({ id, error }) => [id, error?.code])).to.deep.equal([
      ['restore:volume/v1', 'volume.type-missing'],
    ]);
    expect(bench.site.generation).to.equal(1);
  });

  it('gives up a dry run whose secondary does not answer', async () => {
    const bench = new Bench();
    bench.site.target = (_group, _progress, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const error = await rejection(bench.start('failover', { dryRun: true }));
    expect(error).to.include({ code: 'execution.dry-run-late', kind: 'permanent' });
    expect(await bench.journal.list()).to.deep.equal([]);
  });
});

function scratch(bench: Bench): string {
  return `farshore-drill-${bench.writes[0]!.id}-left`;
}
