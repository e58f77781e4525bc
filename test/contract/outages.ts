import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { FenceEvidence } from '../../runbooks/steps/fence-primary.ts';
import type { RegionName, Suite } from './environment.ts';
import { lookAt, makeContainer, type Seen } from './support/container-data.ts';
import { RunningController } from './support/controller.ts';
import { makeRawImage } from './support/image-data.ts';
import { each } from './support/each.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';
import { removeNamed } from './support/remove.ts';
import { protect } from './support/shop.ts';
import { SwiftUser } from './support/swift-user.ts';

const objects = 300;
const imageMiB = 8;
/** Objects that a session must have shipped before something happens to it. */
const underWay = 40;

/** Regions that go away and come back, and one that doesn't. */
export const outagesSuite: Suite = (environment) =>
  describe('outages', function () {
    this.timeout(600_000);
    const name = `out-${systemRandom.id().slice(0, 8)}`;
    let scopes: Scopes;
    let outsiders: Record<RegionName, Outsider>;
    let controller: RunningController;
    let original: Seen;

    const user = (region: RegionName): SwiftUser => new SwiftUser(outsiders[region]);

    before('a container and an image in east, a controller', async () => {
      const { regions } = environment();
      scopes = await openScopes(environment());
      outsiders = {
        east: await Outsider.login(regions.east),
        west: await Outsider.login(regions.west),
      };
      await makeContainer(user('east'), name, objects);
      await makeRawImage(outsiders.east, { id: randomUUID(), name }, imageMiB);
      controller = await RunningController.start(environment(), `${name}-bank`);
      await protect(controller.service, name, ['image', 'container']);
    });

    after(async () => {
      for (const region of Object.values(environment().regions)) {
        await region.heal();
        await region.setTokenLifetime(null);
      }
      await controller.service.deleteGroup(name, { deletePoints: true });
      await controller.end();
      for (const scope of [scopes.east, scopes.west]) await removeNamed(environment(), scope, name);
      for (const outsider of Object.values(outsiders)) outsider.close();
      await scopes.close();
    });

    it('a session goes on after the secondary was away in the middle of it', async () => {
      const { west } = environment().regions;
      await controller.sync(name, {
        once: (progress) => progress.movedObjects >= underWay,
        work: async () => {
          await west.cut();
          await systemClock.sleep(environment().scale.outageMs);
          await west.heal();
        },
      });
      const [point] = await controller.points(name);
      expect(point).to.include({ state: 'proven' });
      const checked = await controller.service.verifyPoint(name, point!.id, 'content');
      expect(checked.checked).to.include({ depth: 'content', damaged: 0 });
    });

    it('a session goes on when its tokens end in the middle of it', async () => {
      for (const region of Object.values(environment().regions)) await region.setTokenLifetime(3);
      await each([...Array(objects).keys()], (n) =>
        user('east').put(name, `later/${n}`, `a later object, ${n}`),
      );
      const session = await controller.sync(name);
      expect(session.moved.objects).to.be.at.least(objects);
      for (const region of Object.values(environment().regions))
        await region.setTokenLifetime(null);
      original = await lookAt(user('east'), name);
    });

    it('a failover needs nothing of a primary that is gone', async () => {
      await environment().regions.east.cut();
      const execution = await controller.run('failover', name, {
        unfenced: { reason: 'this suite cut east off' },
      });
      const failed = execution.steps.filter(({ state }) => state === 'failed');
      expect(execution.result, JSON.stringify(failed)).to.equal('succeeded');
      const fence = execution.steps.find(({ type }) => type === 'fence-primary');
      const { evidence } = fence!.output as { readonly evidence: readonly FenceEvidence[] };
      expect(evidence.map(({ state }) => state)).to.include('unreachable');
      const found = await lookAt(user('west'), name);
      for (const [object, facts] of Object.entries(original.objects))
        expect(found.objects[object], object).to.deep.equal(facts);
      expect(found.objects).to.have.all.keys(Object.keys(original.objects));
    });
  });
