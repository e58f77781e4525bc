import { expect } from 'chai';

import type { ExecutionOrder } from '../../runbooks/runner.ts';
import { describeParams } from '../../runbooks/plan.ts';
import { plans } from '../../runbooks/plans/index.ts';
import { collect, rejection } from '../support/rejection.ts';
import { Bench, stateOf } from './support/bench.ts';

const refused: readonly [string, Partial<ExecutionOrder>, string, RegExp][] = [
  ['an unknown runbook', { runbook: 'migrate' }, 'runbook.not-found', /migrate/],
  ['a mode that is not the plan’s', { mode: 'drill' }, 'execution.invalid', /mode: .*failover/],
  [
    'unknown and wrong parameters, all at once',
    { params: { colour: 'red', parallel: 0, verify: 'no' } },
    'execution.invalid',
    /verify.*parallel.*colour/,
  ],
  ['an unknown point', { params: { point: 'p7' } }, 'point.not-found', /./],
  ['a damaged point', { params: { point: 'bad' } }, 'point.damaged', /./],
];

describe('orders', () => {
  for (const [what, change, code, message] of refused)
    it(`refuses ${what} before anything is committed`, async () => {
      const bench = new Bench();
      bench.site.addPoint('bad', 1, 'damaged');
      const error = await rejection(bench.start('failover', change));
      expect(error.code).to.equal(code);
      expect(error.message).to.match(message);
      expect(bench.writes).to.deep.equal([]);
      expect(bench.site.generation).to.equal(1);
    });

  it('refuses a failover that could restore nothing, before the generation rises', async () => {
    const bench = new Bench();
    bench.site.allPoints = [];
    expect((await rejection(bench.start('failover'))).code).to.equal('point.none-proven');
    expect(bench.site.generation).to.equal(1);
  });

  it('refuses a second failover, a dry run too, and names the one that made the primary', async () => {
    const bench = new Bench();
    bench.site.workMs = 60_000;
    const { id } = await bench.start('failover');
    await bench.until(id, (each) => stateOf(each, 'raise-generation') === 'done');
    const during = await rejection(bench.start('failover'));
    expect(during.hint).to.include(`farshore execution watch ${id}`);
    await bench.ended(id);
    for (const dryRun of [false, true]) {
      const error = await rejection(bench.start('failover', { dryRun }));
      expect(error.code).to.equal('group.failed-over');
      expect(error.message).to.include('west is the primary since generation 2');
      expect(error.hint).to.include(`farshore execution retry ${id}`);
    }
    expect(await bench.journal.list()).to.have.length(1);

    // A state that was had back from the bank knows who is primary, and no executions.
    bench.journal.load = () => Promise.resolve(null);
    const { hint } = await rejection(bench.start('failover'));
    expect(hint).to.include('lost with an earlier state').and.not.include(id);
  });

  it('lets one drill at a time run, and none beside a failover', async () => {
    const bench = new Bench();
    const [first, second] = await Promise.allSettled([bench.start('drill'), bench.start('drill')]);
    expect(first.status).to.equal('fulfilled');
    expect(second.status).to.equal('rejected');
    await bench.ended((await bench.journal.list())[0]!.id);

    const { id } = await bench.start('failover');
    expect((await rejection(bench.start('drill'))).code).to.equal('execution.conflict');
    const error = await rejection(bench.start('failover'));
    expect(error.code).to.equal('execution.conflict');
    expect(error.hint).to.include(id);
    await bench.ended(id);
  });

  it('starts a failover at once while a drill runs, which is cancelled and cleans up', async () => {
    const bench = new Bench();
    bench.site.workMs = 60_000;
    const drill = await bench.start('drill');
    await bench.until(drill.id, (each) => each.steps.some((step) => step.type === 'restore'));
    const failover = await bench.start('failover');
    await bench.until(failover.id, (each) => stateOf(each, 'raise-generation') === 'running');
    const cancelled = await bench.ended(drill.id);
    expect(cancelled.result).to.equal('cancelled');
    expect(JSON.stringify(cancelled)).to.include(`failover ${failover.id} of the group`);
    const execution = await bench.ended(failover.id);
    expect(execution.result).to.equal('succeeded');
    expect(execution.rtoSeconds).to.equal(121);
    expect([...bench.site.made.keys()].sort()).to.deep.equal(['base 1', 'c1 1', 'data 1'].sort());
  });

  it('refuses orders to executions that do not exist, have ended, or have nothing to do again', async () => {
    const bench = new Bench();
    const { runner } = bench;
    expect((await rejection(runner.cancel('x'))).code).to.equal('execution.not-found');
    const { id } = await bench.run('failover');
    expect((await rejection(runner.cancel(id))).code).to.equal('execution.ended');
    expect((await rejection(runner.approve(id, 'record'))).code).to.equal('execution.ended');
    expect((await rejection(runner.retry(id))).code).to.equal('execution.illegal-move');
    const dry = await new Bench().run('drill');
    expect(dry.result).to.equal('succeeded');
    const live = await bench.start('drill');
    expect((await rejection(runner.retry(live.id))).code).to.equal('execution.illegal-move');
    expect((await rejection(runner.approve(live.id, 'record'))).code).to.equal(
      'execution.illegal-move',
    );
    expect((await rejection(runner.approve(live.id, 'nothing'))).code).to.equal('step.not-found');
    await bench.ended(live.id);
  });

  it('does not go on with a failover after the group has had another primary', async () => {
    const bench = new Bench();
    bench.site.checked = () => 'mismatch';
    const { id } = await bench.run('failover');
    bench.site.generation = 5;
    expect((await rejection(bench.runner.retry(id))).code).to.equal('execution.superseded');
  });

  it('shows each saved state to a watcher, in order, until the end', async () => {
    const bench = new Bench();
    const { id, version } = await bench.start('failover');
    const states = await collect(bench.runner.watch(id, new AbortController().signal));
    const versions = states.map((state) => state.version);
    expect(versions).to.deep.equal(versions.map((_, at) => version + at));
    expect(states.at(-1)!.state).to.equal('ended');
    expect(await collect(bench.runner.watch(id, new AbortController().signal))).to.have.length(1);
  });

  it('lets a watcher go', async () => {
    const bench = new Bench();
    const { id } = await bench.start('failover');
    const leaving = new AbortController();
    const seen: number[] = [];
    for await (const { version } of bench.runner.watch(id, leaving.signal)) {
      seen.push(version);
      leaving.abort();
    }
    expect(seen).to.have.length(1);
    await bench.ended(id);
  });

  it('goes on after a journal that refused for a while, and after an answer that was lost', async () => {
    for (const moment of ['before', 'after']) {
      let writes = 0;
      const bench = new Bench((when, execution) => {
        if (execution !== null && when === moment && ++writes >= 5 && writes < 9)
          throw new Error('disk full');
      });
      const execution = await bench.run('failover');
      expect(execution.result).to.equal('succeeded');
      expect([...bench.site.creations.values()]).to.deep.equal([1, 1, 1]);
    }
  });

  it('stops without a trace in the journal, and is taken up again', async () => {
    const bench = new Bench();
    bench.site.workMs = 3600_000;
    const { id } = await bench.start('failover');
    await bench.until(id, (each) => stateOf(each, 'restore:volume/v1') === 'running');
    await bench.first.stop();
    const left = bench.stored()[0]!;
    expect(stateOf(left, 'restore:volume/v1')).to.equal('running');
    expect((await rejection(bench.start('drill'))).code).to.equal('runner.stopping');
    const { runner } = await bench.join();
    expect((await bench.ended(id, runner)).result).to.equal('succeeded');
    expect(bench.site.creations.get('volume/v1')).to.equal(1);
  });

  it('tells the hooks of every step and of the end', async () => {
    const steps: string[] = [];
    const ends: string[] = [];
    const hooks = {
      onStep: ({ type, result }: { type: string; result: string }) =>
        void steps.push(`${type} ${result}`),
      onEnd: ({ mode, result }: { mode: string; result: string }) =>
        void ends.push(`${mode} ${result}`),
    };
    const bench = new Bench(undefined, hooks);
    await bench.run('failover');
    expect(ends).to.deep.equal(['failover succeeded']);
    expect(steps).to.have.length(10);
    expect(steps.filter((each) => each === 'restore done')).to.have.length(3);
    await bench.start('drill', { dryRun: true });
    expect(ends).to.have.length(1);
  });

  it('shows each plan with its parameters', () => {
    for (const plan of plans)
      for (const [name, text] of Object.entries(describeParams(plan)))
        expect(text, `${plan.name} ${name}`).not.to.equal('');
  });
});
