import { expect } from 'chai';
import { Rate } from '../../../replicator/transfer/rate.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('Rate', () => {
  const { signal } = new AbortController();

  it('holds all takers together to so many bytes a second', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock, 1_000_000);
    const startMs = clock.monotonicMs();
    const taker = async (): Promise<void> => {
      for (let taken = 0; taken < 50; taken += 1) await rate.take(64_000, signal);
    };
    await Promise.all([taker(), taker(), taker(), taker()]);
    expect(rate.bytes).to.equal(12_800_000);
    expect(clock.monotonicMs() - startMs).to.be.within(12_795, 12_805);
  });

  it('holds small ones too, and does not make up for a rest', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock, 1_000_000);
    await clock.sleep(60_000);
    const startMs = clock.monotonicMs();
    for (let taken = 0; taken < 10_000; taken += 1) await rate.take(100, signal);
    expect(clock.monotonicMs() - startMs).to.be.within(995, 1_005);
  });

  it('lets go of who waits when that is aborted', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock, 1_000);
    const stop = new AbortController();
    const waiting = rate.take(1_000_000, stop.signal);
    stop.abort(new Error('enough'));
    await waiting.then(
      () => expect.fail('it was taken'),
      (error: unknown) => expect(error).to.have.property('message', 'enough'),
    );
  });
});
