import { expect } from 'chai';

import { keys } from '../../controller/state/keys.ts';
import { remove } from '../../controller/store/store.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { collect, rejection } from '../support/rejection.ts';
import { Bench, orderOf, stateOf } from './support/bench.ts';
import { Mortal } from './support/mortal.ts';
import type { Worker } from './support/worker.ts';

const restoring = (execution: Execution): boolean =>
  stateOf(execution, 'restore:volume/v1') === 'running';

/** Which of them carries it out: progress is known there alone. */
function holderOf(id: string, ...workers: readonly Worker[]): Worker {
  const found = workers.filter(({ runner }) => Object.keys(runner.progress(id)).length > 0);
  expect(found, 'workers that carry it out').to.have.length(1);
  return found[0]!;
}

/** The first worker is near the data, in west, the other in east. */
async function pair(workMs = 1_000): Promise<{ bench: Bench; west: Worker; east: Worker }> {
  const bench = new Bench();
  bench.site.workMs = workMs;
  await bench.first.ready;
  return { bench, west: bench.first, east: await bench.join({ region: 'east' }) };
}

describe('executions among several controllers', () => {
  it('are carried out near the data, whoever took the order', async () => {
    const { bench, west, east } = await pair(60_000);
    const { id } = await east.runner.start(orderOf('failover'));
    await bench.until(id, restoring, east.runner);
    expect(holderOf(id, west, east)).to.equal(west);
    const ended = await bench.ended(id, east.runner);
    expect(ended.result).to.equal('succeeded');
    expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
  });

  it('go on elsewhere at once when their controller stops, and later when it is killed', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const { bench, west, east } = await pair(60_000);
      const { id } = await west.runner.start(orderOf('failover'));
      await bench.until(id, restoring);
      if (end === 'stop') await west.stop();
      else west.kill();
      const ended = await bench.ended(id, east.runner);
      expect(ended.result, end).to.equal('succeeded');
      expect(ended.steps.find((step) => step.id === 'restore:volume/v1')!.attempts).to.equal(2);
      expect([...bench.site.creations.values()], end).to.deep.equal([1, 1, 1]);
      await west.stop();
    }
  });

  it('show every state to whoever watches, wherever, across the change of hands', async () => {
    const { bench, west, east } = await pair(60_000);
    const { id } = await east.runner.start(orderOf('failover'));
    const watched = collect(east.runner.watch(id, new AbortController().signal));
    await bench.until(id, restoring, east.runner);
    await west.stop();
    const versions = (await watched).map(({ version }) => version);
    expect(versions).to.deep.equal(bench.writes.map(({ version }) => version));
  });

  it('are dropped in mid-step by who lost the lease, which saves nothing any more, and come back to it', async () => {
    const { bench, west, east } = await pair(60_000);
    const { id } = await west.runner.start(orderOf('failover'));
    await bench.until(id, restoring);
    west.store.expire();
    await bench.until(id, (each) => each.steps.some(({ attempts }) => attempts > 1), east.runner);
    expect(holderOf(id, east, west)).to.equal(east);
    const ended = await bench.ended(id, west.runner);
    expect(ended.result).to.equal('succeeded');
    const versions = bench.writes.map(({ version }) => version);
    expect(versions).to.deep.equal(versions.map((_, at) => at + 1));
    expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
  });

  it('are dropped when the claim is taken away, and taken up again from the last saved state', async () => {
    const bench = new Bench();
    bench.site.workMs = 60_000;
    const { id } = await bench.start('failover');
    await bench.until(id, restoring);
    await bench.store.transact([], [remove(keys.claim('execution', id))]);
    const ended = await bench.ended(id);
    expect(ended.result).to.equal('succeeded');
    expect(ended.steps.find((step) => step.id === 'restore:volume/v1')!.attempts).to.equal(2);
    expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
  });

  it('take orders from those who do not carry them out, each once', async () => {
    const { bench, west, east } = await pair(60_000);
    const drill = await west.runner.start(orderOf('drill', { params: { hold: true } }));
    const isHeld = (each: Execution): boolean => stateOf(each, 'cleanup') === 'waiting';
    await bench.until(drill.id, isHeld, east.runner);
    const error = await rejection(east.runner.approve(drill.id, 'record'));
    expect(error.code).to.equal('execution.illegal-move');
    const all = await Promise.all([
      east.runner.approve(drill.id, 'cleanup'),
      east.runner.approve(drill.id, 'cleanup'),
      west.runner.approve(drill.id, 'cleanup'),
    ]);
    for (const each of all) expect(stateOf(each, 'cleanup')).not.to.equal('waiting');
    const ended = await bench.ended(drill.id, east.runner);
    expect(ended.result).to.equal('succeeded');
    const approvals = bench.writes.filter(
      (each, at) =>
        each.steps.some(({ approvedAt }) => approvedAt !== undefined) &&
        !bench.writes[at - 1]!.steps.some(({ approvedAt }) => approvedAt !== undefined),
    );
    expect(approvals).to.have.length(1);
    expect(await bench.store.range(keys.order(drill.id))).to.deep.equal([]);
  });

  it('cancel a drill that runs elsewhere when a failover is ordered', async () => {
    const { bench, west, east } = await pair(60_000);
    const drill = await west.runner.start(orderOf('drill'));
    await bench.until(drill.id, restoring);
    const failover = await east.runner.start(orderOf('failover'));
    expect((await bench.ended(drill.id, east.runner)).result).to.equal('cancelled');
    expect((await bench.ended(failover.id, west.runner)).result).to.equal('succeeded');
  });

  it('let in one of two that are ordered of two controllers at once', async () => {
    const { bench, west, east } = await pair();
    const all = await Promise.allSettled(
      [west, east, west, east].map(({ runner }) => runner.start(orderOf('failover'))),
    );
    const [won, ...others] = all.filter((each) => each.status === 'fulfilled');
    expect(others).to.deep.equal([]);
    expect((await bench.ended(won!.value.id)).result).to.equal('succeeded');
    expect(bench.stored()).to.have.length(1);
    expect(bench.site.log.filter((line) => line === 'raise')).to.have.length(1);
  });

  it('are the same one when the request is sent twice, and to two controllers', async () => {
    const { bench, west, east } = await pair();
    const order = orderOf('failover', { requestKey: 'k1' });
    const [first, second] = await Promise.all([west.runner.start(order), east.runner.start(order)]);
    expect(first.id).to.equal(second.id);
    await bench.ended(first.id);
    // The group could not be failed over again, and has no need to be.
    bench.site.allPoints = [];
    expect((await east.runner.start(order)).id).to.equal(first.id);
    const reused = rejection(east.runner.start({ ...order, group: 'other' }));
    expect((await reused).code).to.equal('request.key-reused');
  });

  it('are retried by whoever is asked', async () => {
    const { bench, west, east } = await pair();
    bench.site.rotten.add('p1');
    const { id } = await west.runner.start(orderOf('failover'));
    expect((await bench.ended(id)).result).to.equal('failed');
    bench.site.rotten.clear();
    bench.site.addPoint('p0', 60);
    await Promise.allSettled([east, west, east].map(({ runner }) => runner.retry(id)));
    expect((await bench.ended(id, east.runner)).result).to.equal('succeeded');
    expect(bench.site.log.filter((line) => line === 'raise')).to.have.length(1);
    expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
  });

  it('keep an order that nobody can take yet, and say so', async () => {
    const bench = new Bench();
    bench.site.workMs = 60_000;
    const { id } = await bench.start('failover');
    await bench.until(id, restoring);
    const witness = await bench.join({ region: null });
    await bench.first.stop();
    const error = await rejection(witness.runner.cancel(id));
    expect(error).to.include({ code: 'execution.not-under-way', kind: 'transient' });
    expect(error.hint).to.include('the order stands');
    const next = await bench.join();
    expect((await bench.ended(id, next.runner)).result).to.equal('cancelled');
    expect(await bench.store.range(keys.order(id))).to.deep.equal([]);
  });

  it('write who let a failover go unfenced into the audit, once', async () => {
    const { bench, west, east } = await pair();
    const { id } = await west.runner.start(
      orderOf('failover', { params: { unfenced: undefined } }),
    );
    await bench.until(id, (each) => stateOf(each, 'unfenced:accept') === 'waiting');
    expect(await bench.store.range(keys.audit())).to.deep.equal([]);
    await east.runner.approve(id, 'unfenced:accept', 'the rack is dark');
    await bench.ended(id);
    const records = await bench.store.range(keys.audit());
    expect(records).to.have.length(1);
    expect(records[0]!.value).to.deep.include({
      action: 'failover-unfenced',
      subject: 'shop',
      reason: 'the rack is dark',
      site: 'west',
    });
    const other = await pair();
    const ordered = await other.bench.run('failover');
    const [record] = await other.bench.store.range(keys.audit());
    expect(record?.value).to.deep.include({ reason: 'east burnt down', at: ordered.declaredAt });
    expect(record?.createRevision).to.equal(
      (await other.bench.store.get(keys.execution(ordered.id)))?.createRevision,
    );
  });
});

/** A failover that is killed once at one moment, with another controller there to go on; null when it ended before. */
async function killedBeside(moment: number): Promise<Mortal | null> {
  const mortal = new Mortal((at) => at === moment);
  mortal.isAmongOthers = true;
  const { bench } = mortal;
  await bench.first.ready;
  const other = await bench.join({ region: 'east' });
  const order = orderOf('failover', { requestKey: 'k' });
  let id: string;
  try {
    ({ id } = await bench.runner.start(order));
  } catch (error) {
    mortal.diedOf(error);
    // As a client does whose connection was lost: the same request, of the other controller.
    ({ id } = await other.runner.start(order));
  }
  const execution = await bench.ended(id, other.runner);
  const what = `killed at moment ${moment}`;
  expect(execution.result, what).to.equal('succeeded');
  expect([...bench.site.creations.values()], what).to.deep.equal([1, 1, 1]);
  expect(bench.site.log.filter((line) => line === 'raise').length, what).to.be.within(1, 2);
  expect(bench.site.generation, what).to.equal(2);
  expect(bench.stored(), what).to.have.length(1);
  await Promise.all([mortal.worker, other].map((worker) => worker.stop()));
  return mortal.kills === 0 ? null : mortal;
}

describe('killed at every write and every effect, with another controller there', () => {
  it('the other goes on by itself, and does nothing twice that was done', async () => {
    let moment = 1;
    while ((await killedBeside(moment)) !== null) moment += 1;
    expect(moment).to.be.above(50);
  });
});
