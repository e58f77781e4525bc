import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';
import { stringify } from 'yaml';

import type { GroupStatus, SessionSummary } from '../../../controller/model/types.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import { Lab } from '../lab.ts';
import { waitFor } from '../probe.ts';
import { type Fingerprint, fingerprint } from '../scenario/dataset.ts';
import { inventory } from '../scenario/inventory.ts';
import { compare } from '../scenario/main-job.ts';
import { patienceMs } from '../scenario/scene.ts';
import { swiftRequests } from '../swift-log.ts';
import { type SiteName, siteNames, testLabName } from '../topology.ts';
import { doBusiness, documents, everySeconds, group, makeShop } from './shop.ts';
import { Sites } from './sites.ts';

const labName = testLabName('sites');
const reason = 'the test cut east off';

describe('three sites, and the one with the leader is lost', function () {
  this.timeout(30 * 60_000);
  let sites: Sites;
  let volume: string;
  let protectedContent: Fingerprint;
  let session: SessionSummary;
  let cutMs: number;

  const say = (text: string) => console.log(`      ${text}`);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

  async function status(site: SiteName): Promise<GroupStatus> {
    const view = await sites.controller(site).get<{ status: GroupStatus }>(`/groups/${group}`);
    if (view === null) throw new Error(`${site} does not answer`);
    return view.status;
  }

  before('a lab of three sites, with a shop in east', async () => {
    const started = Date.now();
    sites = await Sites.open(labName, say);
    volume = await makeShop(sites.lab.region('east'));
    say(`three sites and a shop after ${seconds(Date.now() - started)}`);
  });
  after(() => Lab.down(labName));
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const site of siteNames) say(`${site}: ${await sites.controller(site).log()}`);
  });

  it('protects the shop from east, where the leader is', async () => {
    const [east, witness] = [sites.controller('east'), sites.controller('witness')];
    const started = Date.now();
    await Promise.all(siteNames.map((site) => sites.controller(site).start()));
    say(`three controllers ready after ${seconds(Date.now() - started)}`);
    // So that what is done is done in east: west's controller, which it would be given to, is away.
    await sites.controller('west').stop();
    await waitFor('east leads', patienceMs, async () => {
      const leader = (await sites.view('east'))?.leader?.site;
      if (leader === 'witness') await witness.restart();
      return leader === 'east';
    });
    await east.write('shop.yaml', documents.map((document) => stringify(document)).join('---\n'));
    const applied = await east.cli('group', 'apply', '-f', 'shop.yaml');
    expect(applied.exitCode, applied.stderr).to.equal(0);
    const first = await east.json<SessionSummary>('group', 'sync', group);
    expect(first.phase, JSON.stringify(first.error)).to.equal('done');
    protectedContent = await fingerprint(sites.lab.region('east'), group);
  });

  it('elects another leader when east is cut off, and fails over by one order in west', async () => {
    const [east, west] = [sites.controller('east'), sites.controller('west')];
    await doBusiness(sites.lab.region('east'), volume);
    session = await east.json<SessionSummary>('group', 'sync', group, '--no-wait');
    await west.start();
    expect((await status('west')).session).to.include({ id: session.id, endedAt: null });
    expect((await sites.view('west'))?.leader?.site).to.equal('east');

    await sites.lab.cut('east');
    cutMs = Date.now();
    const [leaderMs] = await Promise.all([newLeader(), failover()]);
    say(`from the cut to the new leader: ${seconds(leaderMs - cutMs)}`);
    compare(await fingerprint(sites.lab.region('west'), group), protectedContent, say);
    expect(await status('west')).to.include({
      state: 'failed-over',
      primary: 'west',
      generation: 2,
    });
  });

  it("leaves west's data alone when east returns, for two intervals of the policy", async () => {
    const west = sites.lab.region('west');
    const before = await inventory(west);
    const returned = Date.now();
    await sites.lab.heal('east');
    // Until then it says itself that what it shows may be old.
    await waitFor('east is ready again', patienceMs, () => sites.controller('east').isReady());
    say(`east's controller is ready ${seconds(Date.now() - returned)} after east returned`);
    const until = Date.now() + 2 * everySeconds * 1000;
    while (Date.now() < until) {
      for (const site of ['east', 'west'] as const) {
        const found = await status(site);
        expect(found, site).to.include({
          state: 'failed-over',
          primary: 'west',
          generation: 2,
          damagedCopies: 0,
          nextSessionAt: null,
        });
        // Its points are still read again, within the period that a policy has by default.
        expect(found.verification, site).to.include({ periodSeconds: 30 * 86_400 });
      }
      await sleep(2_000);
    }
    for (const site of ['east', 'west'] as const)
      expect((await status(site)).session, site).to.include({
        id: session.id,
        phase: 'superseded',
      });
    const writes = (await swiftRequests(west, returned)).filter(
      ({ method }) => !['GET', 'HEAD'].includes(method),
    );
    expect(writes).to.deep.equal([]);
    expect(await inventory(west)).to.deep.equal(before);
    compare(await fingerprint(west, group), protectedContent, say);
  });

  async function newLeader(): Promise<number> {
    await waitFor('another leader', patienceMs, async () => {
      const leader = (await sites.view('west'))?.leader?.site;
      return leader === 'west' || leader === 'witness';
    });
    return Date.now();
  }

  async function failover(): Promise<void> {
    const west = sites.controller('west');
    const order = ['failover', group, '--unfenced', '--reason', reason, '--yes'];
    const { exitCode, stdout, stderr } = await west.cli(...order);
    expect(exitCode, `${stderr}${stdout}\n${await west.log()}`).to.equal(0);
    const [execution] = await west.json<readonly Execution[]>('execution', 'list');
    expect(execution).to.include({ mode: 'failover', result: 'succeeded' });
    say(
      `failover: RPO ${execution!.rpoSeconds ?? '-'} s, RTO ${execution!.rtoSeconds ?? '-'} s, ` +
        `done ${seconds(Date.now() - cutMs)} after the cut`,
    );
  }
});
