import { expect } from 'chai';
import type { Region } from '../../../regions/region.ts';
import { RegionHealth } from '../../../controller/service/region-health.ts';
import { ManualClock } from '../support/manual-clock.ts';

type Services = Awaited<ReturnType<Region['probe']>>;

const up: Services = [{ service: 'identity', up: true, latencyMs: 1 }];
const down: Services = [{ service: 'identity', up: false, reason: 'no answer', latencyMs: 5_000 }];

describe('the health of regions', () => {
  /** Regions whose probes end when the test says so. */
  function health() {
    const clock = new ManualClock();
    const probes: ((found: Services) => void)[] = [];
    const probe = () => new Promise<Services>((resolve) => probes.push(resolve));
    const sites = { names: ['east'], region: () => ({ probe }) as unknown as Region };
    return { clock, probes, of: new RegionHealth(sites, clock) };
  }

  const told = async (answer: ReturnType<RegionHealth['known']>) =>
    (await answer).map(({ services }) => services[0]!.up);

  it('is told as it was found last while a region hangs, and as it is once that is found', async () => {
    const { clock, probes, of } = health();
    const first = of.known();
    probes[0]!(up);
    expect(await told(first)).to.deep.equal([true]);
    await clock.advance(15);
    const hanging = of.known();
    await clock.advance(1);
    expect(await told(hanging)).to.deep.equal([true]);
    expect(probes).to.have.length(2);
    probes[1]!(down);
    expect(await told(of.read())).to.deep.equal([false]);
    expect(await told(of.known())).to.deep.equal([false]);
    expect(probes).to.have.length(2);
  });

  it('is told as it is now when the regions answer in time', async () => {
    const { clock, probes, of } = health();
    const first = of.known();
    probes[0]!(up);
    await first;
    await clock.advance(15);
    const second = of.known();
    probes[1]!(down);
    expect(await told(second)).to.deep.equal([false]);
  });

  it('is not told without asking when nobody has asked for long', async () => {
    const { clock, probes, of } = health();
    const first = of.read();
    probes[0]!(up);
    await first;
    await clock.advance(3_600);
    const answer = of.known();
    probes[1]!(down);
    expect(await told(answer)).to.deep.equal([false]);
  });

  it('is waited for by who lists the regions', async () => {
    const { clock, probes, of } = health();
    const first = of.read();
    probes[0]!(up);
    await first;
    await clock.advance(15);
    const answer = of.read();
    probes[1]!(down);
    expect(await told(answer)).to.deep.equal([false]);
  });
});
