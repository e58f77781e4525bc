import { expect } from 'chai';
import { RegionClock } from '../../../regions/http/region-clock.ts';
import { ManualClock } from '../../controller/support/manual-clock.ts';

describe('RegionClock', () => {
  it('tells by how much this clock is ahead, as the newest answer says', () => {
    const clock = new ManualClock();
    const region = new RegionClock(clock);
    const told = (offsetMs: number) => new Date(clock.now() + offsetMs).toUTCString();
    expect(region.aheadMs).to.equal(0);
    region.saw(told(-7_200_000));
    expect(region.aheadMs).to.be.within(7_200_000, 7_201_000);
    region.saw(undefined);
    region.saw('no date');
    expect(region.aheadMs).to.be.within(7_200_000, 7_201_000);
    region.saw(told(-30_000));
    expect(region.aheadMs).to.equal(0);
    region.saw(told(7_200_000));
    expect(region.aheadMs).to.equal(0);
  });
});
