import { expect } from 'chai';

import { History } from './recorder.ts';

describe('a recorded history', () => {
  let nowMs = 0;
  const clock = { monotonicMs: () => (nowMs += 1) };

  it('notes begin, end and outcome of calls that overlap, in the order they end', async () => {
    nowMs = 0;
    const history = new History(clock, () => 'unknown');
    const slow = Promise.withResolvers<{ type: 'written' }>();
    const first = history.record('a', 'k', { type: 'write', value: '1' }, () => slow.promise);
    await history.record('b', 'k', { type: 'read' }, () =>
      Promise.resolve({ type: 'read', value: null }),
    );
    slow.resolve({ type: 'written' });
    await first;
    expect(
      history.operations.map(({ client, invokedMs, endedMs }) => [client, invokedMs, endedMs]),
    ).to.deep.equal([
      ['b', 2, 3],
      ['a', 1, 4],
    ]);
  });

  it('tells what failed apart, and lets through what is no answer', async () => {
    const history = new History(clock, (error) => {
      const { message } = error as Error;
      if (message === 'lost') return 'unknown';
      if (message === 'no') return 'refused';
      throw error;
    });
    for (const reason of ['lost', 'no', 'fault of the test']) {
      const failing = () => Promise.reject(new Error(reason));
      await history
        .record('a', 'k', { type: 'write', value: reason }, failing)
        .catch((error: unknown) => expect(error).to.have.property('message', 'fault of the test'));
    }
    expect(history.operations.map(({ outcome }) => outcome.type)).to.deep.equal([
      'unknown',
      'refused',
    ]);
  });
});
