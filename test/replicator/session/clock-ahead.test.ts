import { expect } from 'chai';
import { Harness } from './harness.ts';

const day = 86_400_000;

describe('a session whose clock is days ahead of the regions', () => {
  const twoWith = async (aheadMs: number) => {
    const at = new Harness();
    at.retention = { last: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAgeSeconds: 86_400 };
    await at.protect();
    await at.clock.sleep(3 * day);
    at.clockAheadMs = aheadMs;
    await at.protect();
    return (await at.ledger.points('shop')).length;
  };

  it('lets no point go for an age that it does not have', async () => {
    expect(await twoWith(3 * day)).to.equal(2);
  });

  it('and where the regions agree with it, those that are too old', async () => {
    expect(await twoWith(0)).to.equal(1);
  });
});
