import { expect } from 'chai';

import type { Finding } from '../../replicator/mover.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { renderReport, reportOf } from '../../runbooks/report.ts';
import { rejection } from '../support/rejection.ts';
import { Bench, notesOf, stateOf } from './support/bench.ts';
import { permanent, transient, volume, type Site } from './support/site.ts';

const asks = { params: { unfenced: undefined } };
const accept = 'unfenced:accept';
const damage: Finding = {
  resource: 'volume/v1',
  subject: 'bank/x',
  problem: 'missing',
  detail: '2026-11-21T08:30:00Z',
};

/** A primary that takes every fence, but for the volume's where `setReadOnly` says otherwise. */
function primaryOf(setReadOnly: () => Promise<void> = () => Promise.resolve()) {
  return () =>
    Promise.resolve({
      blockStorage: {
        getVolume: () => Promise.resolve({ id: volume.id, readOnly: false }),
        setReadOnly,
      },
      objectStore: {
        headContainer: () => Promise.resolve({ headers: {} }),
        info: () => Promise.resolve({ container_quotas: {} }),
        postContainer: () => Promise.resolve(),
      },
    } as never);
}

function isAtGate(execution: Execution): boolean {
  return stateOf(execution, accept) === 'waiting' && execution.point !== undefined;
}

const unfenced: readonly [string, () => Promise<never>, RegExp][] = [
  ['does not answer', () => Promise.reject(transient()), /3 of 3 .*unreachable .*volume\/v1/],
  ['refuses', () => Promise.reject(permanent()), /3 of 3 .*refused/],
  [
    'takes no fence of one resource',
    primaryOf(() => Promise.reject(permanent())),
    /1 of 3 .*refused .*volume\/v1/,
  ],
  [
    'answers what nobody expected',
    primaryOf(() => Promise.reject(new Error('x'))),
    /1 of 3 .*refused \(an unexpected failure/,
  ],
];

describe('a failover whose old primary cannot be fenced', () => {
  for (const [what, primary, gate] of unfenced)
    it(`chooses the point, and waits before it restores, where it ${what}`, async () => {
      const bench = new Bench();
      bench.site.primary = primary;
      const { id } = await bench.start('failover', asks);
      const waiting = await bench.until(id, isAtGate);
      expect(waiting.steps.find((step) => step.id === accept)!.gate).to.match(gate);
      expect(stateOf(waiting, 'choose-point')).to.equal('done');
      expect(bench.site.made.size).to.equal(0);
      await bench.runner.approve(id, accept, 'the rack is dark');
      const ended = await bench.ended(id);
      expect(ended.result).to.equal('succeeded');
      expect(notesOf(ended)).to.include('accepted: the rack is dark');
    });

  it('is passed with a reason only, which the report shows with its time', async () => {
    const bench = new Bench();
    const { id } = await bench.start('failover', asks);
    await bench.until(id, isAtGate);
    const error = await rejection(bench.runner.approve(id, accept));
    expect(error.code).to.equal('approval.invalid');
    expect(error.hint).to.include('--reason');
    expect(reportOf((await bench.journal.load(id))!).fencing).to.deep.equal({
      fenced: false,
      notFenced: 3,
      accepted: null,
    });
    await bench.runner.approve(id, accept, 'the rack is dark');
    const report = reportOf(await bench.ended(id));
    expect(report.fencing.accepted).to.include({ reason: 'the rack is dark', by: 'approval' });
    expect(renderReport(report)).to.match(
      /old primary: \*\*not fenced\*\* \(3 of 3 resources\), accepted at the gate at 20\S+: the rack is dark/,
    );
  });

  it('restores nothing when it is cancelled at the gate, and asks again when it is retried', async () => {
    const bench = new Bench();
    const { id } = await bench.start('failover', asks);
    await bench.until(id, isAtGate);
    await bench.runner.cancel(id);
    const cancelled = await bench.ended(id);
    expect(cancelled.result).to.equal('cancelled');
    expect(bench.site.made.size).to.equal(0);
    await bench.runner.retry(id);
    await bench.until(id, isAtGate);
    await bench.runner.approve(id, accept, 'still dark');
    expect((await bench.ended(id)).result).to.equal('succeeded');
  });

  const losses: readonly [string, (site: Site) => unknown][] = [
    ['is gone', (site) => (site.allPoints = site.allPoints.filter(({ id }) => id !== 'p1'))],
    [
      'was found damaged',
      (site) => {
        site.rotten.add('p1 volume/v1');
        return site.recordDamage('shop', 'p1', damage);
      },
    ],
  ];
  for (const [what, lose] of losses)
    it(`takes another point when the one it chose ${what} before anything was restored`, async () => {
      const bench = new Bench();
      bench.site.addPoint('p0', 60);
      const { id } = await bench.start('failover', asks);
      expect((await bench.until(id, isAtGate)).point).to.equal('p1');
      await bench.runner.cancel(id);
      await bench.ended(id);
      await lose(bench.site);
      await bench.runner.retry(id);
      expect((await bench.until(id, isAtGate)).point).to.equal('p0');
      await bench.runner.approve(id, accept, 'still dark');
      const ended = await bench.ended(id);
      expect([ended.result, ended.point]).to.deep.equal(['succeeded', 'p0']);
      expect(ended.steps.filter(({ type }) => type === 'restore')).to.have.length(3);
    });

  it('does not wait where the order said why, and keeps the reason', async () => {
    const bench = new Bench();
    const ended = await bench.run('failover', { params: { unfenced: { reason: ' it burnt ' } } });
    expect(ended.result).to.equal('succeeded');
    expect(stateOf(ended, accept)).to.equal(undefined);
    const report = reportOf(ended);
    const accepted = { reason: 'it burnt', at: ended.declaredAt, by: 'order' };
    expect(report.fencing).to.deep.equal({ fenced: false, notFenced: 3, accepted });
    expect(renderReport(report)).to.include('accepted with the order');
  });

  for (const reason of ['', '  ', 'x'.repeat(501)])
    it(`refuses a reason of ${reason.length} characters`, async () => {
      const order = new Bench().start('failover', { params: { unfenced: { reason } } });
      expect((await rejection(order)).code).to.equal('execution.invalid');
    });

  it('fences again when it was the store that did not answer, and not the primary', async () => {
    const bench = new Bench();
    const answers = primaryOf();
    bench.site.primary = () => {
      bench.site.primary = answers;
      return Promise.reject(transient('store.unavailable'));
    };
    const ended = await bench.run('failover', { params: { unfenced: { reason: 'it burnt' } } });
    expect(ended.result).to.equal('succeeded');
    expect(ended.steps.find(({ id }) => id === 'fence-primary')?.attempts).to.equal(2);
    expect(reportOf(ended).fencing).to.deep.equal({ fenced: true, notFenced: 0, accepted: null });
  });

  it('asks nobody when all is fenced', async () => {
    const bench = new Bench();
    bench.site.primary = primaryOf();
    const ended = await bench.run('failover', asks);
    expect(ended.result).to.equal('succeeded');
    expect(stateOf(ended, accept)).to.equal(undefined);
    const report = reportOf(ended);
    expect(report.fencing).to.deep.equal({ fenced: true, notFenced: 0, accepted: null });
    expect(renderReport(report)).to.include('old primary: fenced');
  });
});
