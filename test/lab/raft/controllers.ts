import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import {
  differences,
  type Fingerprint,
  fingerprint,
} from '../../../controller/demo/fingerprint.ts';
import { waitFor } from '../probe.ts';
import { ApiWriter } from './scene/api-writer.ts';
import { change, type Goods, makeGoods, protect } from './scene/dataset.ts';
import type { Fault } from './scene/scene-controller.ts';
import { ControllersScene, type Site, sites } from './scene/scene.ts';
import { creations, doneTwice, namesakes } from './scene/side-effects.ts';
import { endOfWork, startWork, sync } from './scene/work.ts';

/** So that work is met in its middle. */
const latencyMs = 100;
/** Writers go on for at least so long after a fault: leases end within it. */
const writingMs = 15_000;

/**
 * Declares the test of these faults. The controller in west is hit: it leads, and sessions and failovers
 * to west are its own. `longestStallMs`: within it a client's write is answered, whatever happens.
 */
export function goesOnDespite(faults: readonly Fault[], longestStallMs: number): void {
  describe('three controllers, one of which fails', function () {
    this.timeout(900_000);
    let scene: ControllersScene;
    let work: Goods;
    const shops: Goods[] = [];
    let before_: Fingerprint;

    const say = (text: string) => console.log(`      ${text}`);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

    before('regions, controllers, and groups that are replicated', async () => {
      scene = await ControllersScene.open();
      const started = Date.now();
      await scene.start();
      say(`three controllers ready after ${seconds(Date.now() - started)}`);
      const { east } = scene.regions;
      work = await makeGoods(east, 'work', { hasVolume: true });
      for (const [at, { victim }] of faults.entries())
        shops.push(await makeGoods(east, `shop-${at}`, { hasVolume: victim === 'controller' }));
      const client = scene.client('east');
      for (const goods of [work, ...shops]) await protect(client, goods);
      for (const { phase } of await Promise.all(
        [work, ...shops].map(({ group }) => sync(client, group)),
      ))
        expect(phase).to.equal('done');
      before_ = await fingerprint(east.scope, east.fileOf, containers());
      say(`${shops.length + 1} groups replicated after ${seconds(Date.now() - started)}`);
    });
    after(async () => {
      if ((scene as ControllersScene | undefined) !== undefined) await scene.close();
    });

    afterEach(async function () {
      if (this.currentTest?.state === 'failed') say(await scene.story());
    });

    for (const [at, fault] of faults.entries())
      it(`goes on when the leader's ${fault.victim} is ${fault.kind}`, async () => {
        await scene.letLead('west', { withMember: fault.victim === 'member' });
        await change(scene.regions.east, work, `round ${at}`);
        await slowDown(latencyMs);
        const begun = await startWork(scene.client('west'), work.group, shops[at]!.group);
        const survivors: readonly Site[] =
          fault.victim === 'controller' ? ['east', 'witness'] : sites;
        await withWriters(at, survivors, async () => {
          const before = await changesFrom('east');
          const faultMs = Date.now();
          await scene.controllers.west.inflict(fault);
          const [[session, execution]] = await Promise.all([
            endOfWork(scene.client('east'), begun),
            sleep(writingMs),
          ]);
          say(`session and failover ended within ${seconds(Date.now() - faultMs)} of the fault`);
          expect(session.phase, JSON.stringify(session.error)).to.equal('done');
          expect(execution.result, JSON.stringify(execution.steps)).to.equal('succeeded');
          if (fault.victim === 'controller') await expectTakenOver(before, fault);
        }).finally(() => scene.controllers.west.recover(fault));
        await slowDown(0);
        await waitFor('all three there again', 240_000, () => scene.isWhole());
        await sleep(2_000);
        await nothingTwice();
      });

    it('has restored all that was failed over, each thing once', async () => {
      const { scope, fileOf } = scene.regions.west;
      const after_ = await fingerprint(scope, fileOf, containers());
      expect(differences(before_, after_)).to.deep.equal([]);
    });

    function containers(): readonly string[] {
      return shops.map(({ container }) => container);
    }

    async function slowDown(ms: number): Promise<void> {
      await Promise.all(Object.values(scene.regions).map((region) => region.slowDown(ms)));
    }

    /** One client at each controller writes all the time that `act` takes, and is judged afterwards. */
    async function withWriters(
      at: number,
      survivors: readonly Site[],
      act: () => Promise<void>,
    ): Promise<void> {
      const stop = new AbortController();
      const writers = survivors.map((site) => {
        const writer = new ApiWriter(scene.controllers[site].url, `of-${site}-${at}`, 'west');
        return { site, writer, done: writer.write(stop.signal) };
      });
      await sleep(1_000);
      await act().finally(() => stop.abort());
      for (const { site, writer, done } of writers) {
        const { writes, retried, errors, longestMs, last } = await done;
        say(
          `client of ${site}: ${writes} writes, the longest ${seconds(longestMs)}, ` +
            `${retried} tried again, ${errors.length} failed twice`,
        );
        expect(errors.slice(0, 3), site).to.deep.equal([]);
        expect(longestMs, site).to.be.below(longestStallMs);
        // What was acknowledged last is what every controller tells.
        expect(await writer.stored(scene.controllers.east.url), site).to.equal(last);
      }
    }

    /** Requests to both regions that were to change something, from this site's controller. */
    async function changesFrom(site: Site): Promise<number> {
      const address = scene.network.address(site);
      const all = await Promise.all(
        Object.values(scene.regions).map((region) => region.requests()),
      );
      return all.flat().filter(({ peer }) => peer.endsWith(address)).length;
    }

    /** East's had nothing to do with either until then. */
    async function expectTakenOver(before: number, { kind }: Fault): Promise<void> {
      const made = (await changesFrom('east')) - before;
      say(`${kind}: the controller in east made ${made} changes in the regions since`);
      expect(made).to.be.above(0);
    }

    async function nothingTwice(): Promise<void> {
      for (const [name, region] of Object.entries(scene.regions)) {
        const requests = await region.requests();
        const counts = Object.entries(creations(requests)).map(
          ([kind, count]) => `${count} ${kind}`,
        );
        say(`made in ${name} so far: ${counts.join(', ')}`);
        expect(doneTwice(requests), name).to.deep.equal([]);
        expect(await namesakes(region.scope), name).to.deep.equal([]);
      }
    }
  });
}
