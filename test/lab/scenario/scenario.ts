import { expect } from 'chai';

import { mostAtOnce } from '../../../replicator/transfer/pace.ts';
import { Lab } from '../lab.ts';
import { type SwiftRequest, swiftRequests } from '../swift-log.ts';
import { type Topology, testLabName } from '../topology.ts';
import { checkDashboards } from '../check-dashboards.ts';
import { badInput, fullQuota, missingRight } from './bad-input.ts';
import { changeObjects, fillVolumes, makeWork } from './changes.ts';
import { interruptSession, sessionEnd, shippedTwice } from './crash.ts';
import { damageScenario } from './damage.ts';
import { containerSuffixes, type Dataset, documentsFor, makeDataset } from './dataset.ts';
import { drillBesideReplication } from './drill.ts';
import { damagedBase } from './damaged-base.ts';
import { rebuildState } from './lost-state.ts';
import { loseEast, protect } from './main-job.ts';
import { openScene } from './open-scene.ts';
import { points, type Scene, sync } from './scene.ts';

/** `main`: protected, killed in shipping, drilled, east lost. `rest`: what else can befall it. */
export type Part = 'main' | 'rest';

/** Chunks of backups: what a kill left is found by their listing. */
const chunks = /^volumebackups\//;
/** Bytes of objects in the bank. A PUT that was not answered at the kill is done again, under the same key. */
const stored = /^farshore\/shop\/objects\/(large|[0-9a-f]{2})\//;
const peakLimitMib = 300;

/** Many where there is time for them: the main part is of the lab's core. */
function objectCount(parts: readonly Part[]): number {
  return parts.includes('rest') ? 2000 : 400;
}

function isListing({ method, path }: SwiftRequest): boolean {
  return method === 'GET' && path.includes('format=json');
}

/** Declares the scenario, or parts of it, on a fresh lab; what comes after in the run finds it whole. */
export function shopInTwoRegions(topology: Topology, parts: readonly Part[]): void {
  describe(`a shop in two regions (${topology}, ${parts.join(' and ')})`, function () {
    // What hangs is ended by then, on a machine that does other things too.
    this.timeout(30 * 60_000);
    let scene: Scene;
    let dataset: Dataset;

    before('a lab, a shop in east, a controller', async () => {
      scene = await openScene(testLabName(topology), topology, (text) =>
        console.log(`      ${text}`),
      );
      dataset = await makeDataset(scene.lab.region('east'), 'shop', objectCount(parts));
      await fillVolumes(scene, dataset);
      await scene.farshore.start();
      const applied = await scene.farshore.apply(...documentsFor(dataset.prefix));
      expect(applied.code, applied.stderr).to.equal(0);
    });

    after('the lab is put in order or removed', async () => {
      if ((scene as Scene | undefined) === undefined) return;
      await scene.farshore.remove();
      // One that failed may have left it cut off, or with a service stopped.
      const hasFailed = this.tests.some(({ state }) => state === 'failed');
      if (hasFailed || topology === 'stretched') await Lab.down(scene.lab.name);
      else await scene.lab.heal('east');
    });

    /** Declares a test of this part. */
    function of(part: Part, title: string, test: () => Promise<void>): void {
      if (parts.includes(part)) it(title, test);
    }

    it('protects 3 volumes, 3 images and containers, with a chain of 4 backups', async () => {
      await protect(scene, dataset);
    });

    of(
      'main',
      'ships nothing when nothing changed, with one listing a container page',
      async () => {
        const since = Date.now();
        const session = await sync(scene, dataset.prefix, 'second pass, nothing changed');
        expect(session.moved).to.deep.equal({ bytes: 0, objects: 0 });
        const east = await swiftRequests(scene.lab.region('east'), since);
        for (const suffix of containerSuffixes) {
          const own = east.filter(
            ({ path }) => path.split(/[/?]/)[3] === `${dataset.prefix}-${suffix}`,
          );
          const listings = own.filter(isListing);
          scene.say(`east ${suffix}: ${own.length} requests, ${listings.length} of them listings`);
          expect(listings.length).to.equal(1);
          expect(own.filter(({ path }) => path.split('?')[0]!.split('/').length > 4)).to.deep.equal(
            [],
          );
        }
        // Where both share one Swift, its proxy's requests are those of both regions.
        const west = await swiftRequests(scene.lab.region('west'), since);
        // One object beside them tells when the session looked at what is stored.
        const stored = new RegExp(`/farshore/${dataset.prefix}/objects/(?!session$)`);
        expect(west.filter(({ path }) => stored.test(path))).to.deep.equal([]);
        const ofStored = `prefix=${encodeURIComponent(`${dataset.prefix}/objects/`)}`;
        const listings = west.filter(
          (request) => isListing(request) && request.path.includes(ofStored),
        );
        scene.say(`west: ${listings.length} listings of what is stored`);
        expect(listings.length).to.be.within(1, containerSuffixes.length);
      },
    );

    of(
      'main',
      'goes on after kill -9 in the middle of shipping and ships nothing again but what was under way',
      async () => {
        await changeObjects(scene, dataset.prefix, 1);
        await makeWork(scene, dataset, 11);
        const since = Date.now();
        const id = await interruptSession(
          scene,
          dataset.prefix,
          ({ summary, progress }) =>
            summary.phase === 'shipping' &&
            (progress?.movedObjects ?? 0) + (progress?.copiedObjects ?? 0) >= 60,
          () => scene.farshore.kill9(),
        );
        await scene.farshore.start();
        const session = await sessionEnd(scene, dataset.prefix, id);
        scene.say(
          `killed in shipping: ${session.moved.bytes} bytes, ${session.moved.objects} objects over ${session.runs} runs`,
        );
        expect(session).to.include({ phase: 'done', runs: 2 });
        expect(await shippedTwice(scene, since, chunks)).to.deep.equal([]);
        const again = await shippedTwice(scene, since, stored);
        scene.say(
          `${again.length} objects put twice, of at most ${mostAtOnce} that were under way`,
        );
        expect(again.length, again.join(' ')).to.be.at.most(mostAtOnce);
      },
    );

    of(
      'rest',
      'goes on after kill -9 while it commits, and shows no point that is not whole',
      async () => {
        await changeObjects(scene, dataset.prefix, 2);
        const before = await points(scene, dataset.prefix);
        const id = await interruptSession(
          scene,
          dataset.prefix,
          ({ summary }) => summary.phase === 'committing',
          () => scene.farshore.kill9(),
        );
        await scene.farshore.start();
        expect((await sessionEnd(scene, dataset.prefix, id)).phase).to.equal('done');
        const after = await points(scene, dataset.prefix);
        expect(after.length).to.equal(before.length + 1);
        expect(after.map(({ state }) => state)).to.deep.equal(after.map(() => 'proven'));
        const verified = await scene.farshore.cli('point', 'verify', dataset.prefix);
        expect(verified.code, verified.stdout).to.equal(0);
        scene.say(`killed in committing: ${after.length} points, all whole`);
      },
    );

    of(
      'rest',
      "goes on when west's Swift stops in mid-transfer and comes back, with tokens that live 60 s",
      async () => {
        await makeWork(scene, dataset, 12);
        for (const region of scene.lab.regions) await region.setTokenLifetime(60);
        const west = scene.lab.region('west');
        const stopped = Date.now();
        const id = await interruptSession(
          scene,
          dataset.prefix,
          ({ progress }) => (progress?.movedObjects ?? 0) + (progress?.copiedObjects ?? 0) >= 20,
          async () => {
            await west.stopService('swift-proxy');
            await new Promise((resolve) => setTimeout(resolve, 10_000));
            await west.startService('swift-proxy');
          },
        );
        const session = await sessionEnd(scene, dataset.prefix, id);
        for (const region of scene.lab.regions) await region.setTokenLifetime(86_400);
        expect(session.phase, JSON.stringify(session.error)).to.equal('done');
        scene.say(
          `west's Swift away for ${Math.round((Date.now() - stopped) / 1000)} s in all: done, ${session.moved.bytes} bytes shipped`,
        );
      },
    );

    of('main', 'has its state back from the bank when all of it was lost', async () => {
      await rebuildState(scene, dataset.prefix);
    });

    of('main', 'drills while replication goes on, delays nothing and leaves nothing', async () => {
      await drillBesideReplication(scene, dataset.prefix);
    });

    of('rest', 'says in one clear line what is wrong with input, and leaves nothing', async () => {
      await badInput(scene, dataset.prefix);
      await fullQuota(scene, dataset.prefix);
      await missingRight(scene, dataset.prefix);
    });

    of(
      'rest',
      'finds altered, truncated and deleted chunks, and fails over to the last whole point, killed on its way',
      async () => {
        await damageScenario(scene);
      },
    );

    of(
      'rest',
      'recovers all else when the base of a chain is damaged, and the volume from an older chain by order',
      async () => {
        await damagedBase(scene);
      },
    );

    // Last of the rest: panels of executions need one that recovered something.
    of(
      'rest',
      'shows it all in Prometheus: every panel and every alert of the dashboards',
      async () => {
        await checkDashboards(scene.farshore.url);
      },
    );

    of('main', 'loses east and brings everything back in west, byte for byte', async () => {
      await loseEast(scene, dataset.prefix);
    });

    it(`stayed under ${peakLimitMib} MB`, async () => {
      const peak = await scene.farshore.peakRssMib();
      scene.say(`peak memory of the controller: ${peak} MiB`);
      expect(peak).to.be.below(peakLimitMib);
    });
  });
}
