import { expect } from 'chai';
import { Harness } from './harness.ts';

const day = 86_400_000;

describe('a session whose clock is days ahead of the regions', () => {
  const twoWith = async (aheadMs: number) => {
    const at = new Harness();
    at.retention = { last: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAgeSeconds: 86_400 };
    await at.protect();
    await at.clock.sleep(3 * day);
    at.world.before = (line) => {
      if (line.startsWith('ship')) at.clockAheadMs = aheadMs;
    };
    await at.protect();
    return (await at.ledger.points('shop')).length;
  };

  it('lets no point go for an age that it does not have', async () => {
    expect(await twoWith(3 * day)).to.equal(2);
  });

  it('captures nothing, and says why', async () => {
    const at = new Harness();
    at.clockAheadMs = 30 * day;
    const session = await at.protect();
    expect(session.phase).to.equal('failed');
    expect(session.error!.code).to.equal('session.clocks-disagree');
    expect(session.error!.message).to.include('43200 minutes ahead');
    expect(at.world.log).to.be.empty;
    expect(await at.ledger.points('shop')).to.be.empty;
  });

  it('and where the regions agree with it, those that are too old', async () => {
    expect(await twoWith(0)).to.equal(1);
  });
});
