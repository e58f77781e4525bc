import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { RequestFault } from '../../regions/embedded/faults/faults.ts';
import type { RegionName } from '../contract/environment.ts';
import { RunningController } from '../contract/support/controller.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { Outsider } from '../contract/support/outsider.ts';
import { makeShop, makeVolume, protect } from '../contract/support/shop.ts';
import { SwiftUser } from '../contract/support/swift-user.ts';
import { type EmbeddedEnvironment, embeddedEnvironment } from './environment.ts';

/** What no real service can be made to do on order. */
describe('the controller over regions with faults', () => {
  const name = `faulty-${systemRandom.id().slice(0, 8)}`;
  let environment: EmbeddedEnvironment;
  let scopes: Scopes;
  let outsider: Outsider;
  let controller: RunningController;
  let round = 0;

  before(async () => {
    environment = await embeddedEnvironment();
    scopes = await openScopes(environment);
    outsider = await Outsider.login(environment.regions.east);
    await makeShop(environment, outsider, scopes.east, name);
    controller = await RunningController.start(environment, `${name}-bank`);
    await protect(controller.service, name, ['image', 'container']);
    await controller.sync(name);
  });

  afterEach(() => {
    for (const faults of Object.values(environment.faults)) faults.heal();
  });

  after(async () => {
    await controller.end();
    outsider.close();
    await scopes.close();
    await environment.close();
  });

  /** Work for the next session, of each kind that can change. */
  async function change(): Promise<void> {
    round += 1;
    const swift = new SwiftUser(outsider);
    for (let n = 0; n < 20; n += 1) await swift.put(name, `round ${round}/${n}`, `${round} ${n}`);
  }

  /** The newest point is whole when it is looked at without a fault. */
  async function expectWhole(): Promise<void> {
    for (const faults of Object.values(environment.faults)) faults.heal();
    const [point] = await controller.points(name);
    const { checked } = await controller.service.verifyPoint(name, point!.id, 'content');
    expect(checked).to.include({ depth: 'content', damaged: 0 });
  }

  function spoil(fault: RequestFault, regions: readonly RegionName[] = ['east', 'west']): void {
    for (const region of regions) environment.faults[region].add(fault);
  }

  it('ships through services that refuse for a while', async () => {
    await change();
    for (const service of ['object-store', 'block-storage', 'image'] as const)
      spoil({ service, status: 503, retryAfterSeconds: 1, times: 2 });
    spoil({ service: 'object-store', method: 'PUT', status: 500, times: 2 }, ['west']);
    await controller.sync(name);
    await expectWhole();
  });

  it('ships bodies that are cut on their way, whole', async () => {
    await change();
    spoil({ service: 'object-store', method: 'GET', path: '-0000', cutAfterBytes: 100, times: 2 });
    spoil({ service: 'object-store', method: 'GET', path: 'round', cutAfterBytes: 1, times: 2 });
    await controller.sync(name);
    await expectWhole();
  });

  it('waits for listings that lag', async () => {
    await change();
    environment.faults.west.set({ listingLagMs: 300 });
    await controller.sync(name);
    const drill = await controller.run('drill', name);
    expect(drill.result).to.equal('succeeded');
  });

  it('works with a region whose clock is wrong', async () => {
    for (const clockSkewMs of [-3_600_000, 3_600_000]) {
      await change();
      environment.faults.west.set({ clockSkewMs });
      await controller.sync(name);
      await expectWhole();
    }
  });

  it('goes on when a full disk has room again', async () => {
    await change();
    environment.faults.west.set({ isDiskFull: true });
    const session = controller.sync(name);
    await systemClock.sleep(1_000);
    environment.faults.west.heal();
    await session;
    await expectWhole();
  });

  it('brings a volume through all of it', async () => {
    const own = `${name}-volume`;
    const id = await makeVolume(environment, scopes.east, own);
    await environment.regions.east.writeVolume(id, 0, { randomMiB: 2, seed: 5 });
    environment.faults.west.set({ listingLagMs: 300 });
    spoil({ service: 'block-storage', status: 503, times: 2 });
    spoil({ service: 'object-store', method: 'GET', path: '-00001$', cutAfterBytes: 99, times: 1 });
    spoil({ service: 'object-store', method: 'PUT', path: '-00001$', status: 500, times: 1 });
    await protect(controller.service, own, ['volume']);
    await controller.sync(own);
    // Its bytes are compared elsewhere, without faults; here it must come up.
    const drill = await controller.run('drill', own, { verifyVolumes: 'none' });
    expect(drill.result).to.equal('unchecked');
  });

  it('fails over while the primary takes connections and answers none', async () => {
    environment.faults.east.set({ down: 'hanging' });
    const execution = await controller.run('failover', name, {
      fenceSeconds: 1,
      unfenced: { reason: 'this test hangs east' },
    });
    expect(execution.result).to.equal('succeeded');
    environment.faults.east.heal();
  });
});
