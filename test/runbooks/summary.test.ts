import { expect } from 'chai';
import { summaryOf } from '../../runbooks/execution/summary.ts';
import { Bench } from './support/bench.ts';
import { permanent } from './support/site.ts';

describe('an execution in short', () => {
  it('waits since it came to its gate, though something else is still carried out', async () => {
    const bench = new Bench();
    bench.site.verifyMs = 60_000;
    const { id, declaredAt } = await bench.start('failover', { params: { unfenced: undefined } });
    const begun = summaryOf((await bench.journal.load(id))!);
    expect(begun).to.deep.equal({
      ...{ id, mode: 'failover', state: 'running', declaredAt },
      ...{ since: declaredAt, gates: [], failed: null },
    });
    const held = await bench.until(id, ({ steps }) =>
      steps.some(({ state }) => state === 'waiting'),
    );
    expect(held.state).to.equal('running');
    const { gate, heldAt } = held.steps.find((step) => step.id === 'unfenced:accept')!;
    expect(Date.parse(heldAt!)).to.be.at.least(Date.parse(declaredAt));
    const gates = [{ step: 'unfenced:accept', gate, needsReason: true }];
    expect(summaryOf(held)).to.deep.include({ state: 'waiting', since: heldAt, gates });
    await bench.runner.approve(id, 'unfenced:accept', 'east burnt down');
    const ended = await bench.ended(id);
    const end = { state: 'succeeded', since: ended.endedAt, gates: [], failed: null };
    expect(summaryOf(ended)).to.deep.include(end);
  });

  it('has what it ended as, and the first step that failed', async () => {
    const bench = new Bench();
    bench.site.before = (effect) => {
      if (effect.startsWith('restore')) throw permanent('quota.exceeded');
    };
    const ended = await bench.run('failover');
    const { title, error } = ended.steps.find(({ state }) => state === 'failed')!;
    expect(summaryOf(ended)).to.deep.include({
      state: 'failed',
      failed: { title, message: error!.message },
    });

    bench.site.before = undefined;
    await bench.clock.sleep(60_000);
    await bench.runner.retry(ended.id);
    const again = summaryOf((await bench.journal.load(ended.id))!);
    expect(again.state).to.equal('running');
    expect(Date.parse(again.since)).to.be.at.least(Date.parse(ended.endedAt!) + 60_000);
    await bench.ended(ended.id);
  });
});
