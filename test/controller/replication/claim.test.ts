import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { claimSession } from '../../../controller/replication/claim.ts';
import type { Sites } from '../../../controller/sites.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put } from '../../../controller/store/store.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, countingRandom } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('the claim of a new session', () => {
  const { signal } = new AbortController();

  for (const why of ['paused', 'failed over'] as const)
    it(`begins none of a group that was ${why} since it was found due`, async () => {
      const store = new MemoryStore();
      await addGroup(store, 'shop');
      const record = (await store.get(keys.group('shop')))!.value;
      const head = (await store.get(keys.head('shop')))!.value;
      const changed =
        why === 'paused'
          ? put(keys.group('shop'), { ...record, spec: { ...record.spec, paused: true } })
          : put(keys.head('shop'), {
              ...head,
              generation: 2,
              primary: head.secondary,
              secondary: head.primary,
              failedOver: { executionId: 'x1', from: head.primary, at: isoTime(0) },
            });
      await store.transact([], [changed]);
      const ledger = new StoreLedger(store, uncontested);
      const ambient = { clock: new ManualClock(), random: countingRandom(), log: silentLog };
      // Neither region is asked: there are none.
      const sites = {} as Sites;
      const memory = createMirrors(store, ambient);
      const deps = { store, ledger, ambient, claims: uncontested, sites, memory };
      expect(await claimSession('shop', deps, signal)).to.equal(null);
      expect(await ledger.session('shop')).to.equal(null);
    });

  it('leaves to another group what that has, and a selector of this one has come to match', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const east = new MemoryRegion('east');
    const { id } = await east.demo.blockStorage.createVolume({ name: 'data', sizeGib: 1 });
    const volume = { kind: 'volume', id, name: 'data' };
    const all = { members: [{ kind: 'volume', namePattern: '*' }] };
    await addGroup(store, 'shop', all);
    await addGroup(store, 'office', { ...all, source: { region: 'east', project: 'p1' } });
    const none = put(keys.members('shop'), { resources: [] });
    await store.transact([], [none, put(keys.members('office'), { resources: [] })]);
    const ambient = { clock, random: countingRandom(), log: silentLog };
    const memory = createMirrors(store, ambient);
    const mirrors = new MirrorSet(Object.values(memory), new OwnWrites(clock), clock);
    await mirrors.start();
    const ledger = new StoreLedger(store, uncontested);
    const sites = memorySites([east], 'unused');
    const deps = { store, ledger, ambient, claims: uncontested, sites, memory };
    const begun = async (group: string) => {
      await clock.settle();
      const { resources, lacking } = (await claimSession(group, deps, signal))!;
      return { resources, lacking: lacking.map(({ code }) => code) };
    };
    const ended = async (group: string) => {
      const session = (await ledger.session(group))!;
      await ledger.saveSession({ ...session, phase: 'failed' });
    };

    expect(await begun('shop')).to.deep.equal({ resources: [volume], lacking: [] });
    const left = { resources: [], lacking: ['member.taken'] };
    expect(await begun('office')).to.deep.equal(left);
    await Promise.all([ended('shop'), ended('office')]);
    expect((await begun('shop')).resources).to.deep.equal([volume]);
    expect(await begun('office')).to.deep.equal(left);

    // Both took it at one time: the older keeps it, or of one age the first by name.
    const both = { resources: [volume] };
    const puts = ['shop', 'office'].map((group) => put(keys.members(group), both));
    await store.transact([], puts);
    await Promise.all([ended('shop'), ended('office')]);
    expect(await begun('shop')).to.deep.equal(left);
    expect((await begun('office')).resources).to.deep.equal([volume]);
    await mirrors.stop();
  });
});
