import { expect } from 'chai';

import { renderReport, reportOf } from '../../runbooks/report.ts';
import { Bench } from './support/bench.ts';
import { permanent } from './support/site.ts';

describe('report', () => {
  it('says what was restored, verified, reached and left open', async () => {
    const bench = new Bench();
    bench.site.checked = (key) => (key === 'image/i1' ? 'unchecked' : 'verified');
    bench.site.before = (line) => {
      if (line === 'restore container/c1') throw permanent('object-store.refused');
    };
    const report = reportOf(await bench.run('failover'));
    expect(report.result).to.equal('failed');
    expect(report.rpo).to.deep.equal({ objectiveSeconds: 3600, reachedSeconds: 1800, met: true });
    expect(report.rto).to.deep.equal({ objectiveSeconds: 600, reachedSeconds: null, met: null });
    expect(report.resources.map(({ resource, state }) => `${resource} ${state}`)).to.deep.equal([
      'volume/v1 verified',
      'image/i1 unchecked',
      'container/c1 failed',
    ]);
    expect(report.unchecked).to.deep.equal([{ resource: 'image/i1', reason: 'it is unchecked' }]);
    expect(report.failures.map(({ step, code }) => `${step} ${code}`)).to.deep.equal([
      'restore:container/c1 object-store.refused',
    ]);
    expect(report.verifiedBytes).to.equal('p1 content'.length);
    expect(report.fence.map(({ state }) => state)).to.deep.equal(Array(3).fill('unreachable'));
    expect(report.steps.find((step) => step.id === 'restore:volume/v1')!.seconds).to.equal(1);
    expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
  });

  it('reads as text, and no name breaks out of its cell', async () => {
    const bench = new Bench();
    bench.site.members = [{ kind: 'volume', id: 'v1', name: 'a | b\n# c' }];
    const text = renderReport(reportOf(await bench.run('failover')));
    expect(text).to.include('- result: **succeeded**');
    expect(text).to.include('- RTO: 3 s; objective 600 s met');
    expect(text).to.include('a \\| b # c');
    expect(text).not.to.match(/^# c/m);
    const tables = text.split('\n').filter((line) => line.startsWith('| volume/v1'));
    expect(tables).to.have.length(2);
  });

  it('can be asked of a dry run and of an execution that has not ended', async () => {
    const bench = new Bench();
    const dry = renderReport(reportOf(await bench.start('drill', { dryRun: true })));
    expect(dry).to.include('dry run of drill');
    const { id } = await bench.start('failover');
    const execution = (await bench.journal.load(id))!;
    expect(renderReport(reportOf(execution))).to.include('not ended (running)');
    await bench.ended(id);
  });
});
