import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { applyGroup, type ApplyDeps } from '../../../controller/service/apply-group.ts';
import { Policies } from '../../../controller/service/policies.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { remove } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { uncontested } from '../support/cluster.ts';
import { countingRandom, gold, pointOf, sessionOf, specOf } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

const never = new AbortController().signal;

describe('what is applied while something else happens', () => {
  const clock = new ManualClock();
  let spool: string;
  let store: MemoryStore;
  let deps: ApplyDeps;
  let policies: Policies;
  let west: MemoryRegion;

  beforeEach(async () => {
    spool = await mkdtemp(join(tmpdir(), 'farshore-applied-'));
    const regions = ['east', 'west', 'north'].map((name) => new MemoryRegion(name));
    for (const { demo } of regions)
      await demo.blockStorage.createVolume({ name: 'data', sizeGib: 1 });
    west = regions[1]!;
    store = new MemoryStore();
    const sites = memorySites(regions, spool);
    const memory = createMirrors(store, { clock, random: countingRandom(), log: silentLog });
    // Never started: the store is asked each time.
    const mirrors = new MirrorSet(Object.values(memory), new OwnWrites(clock), clock);
    deps = { store, sites, clock, memory, mirrors };
    policies = new Policies(store, sites);
    await policies.apply(gold, null);
  });
  afterEach(() => rm(spool, { recursive: true }));

  /** Once, after the store has answered what lies below the prefix. */
  const afterReading = (prefix: string, what: () => Promise<unknown>) => {
    const range = store.range.bind(store);
    let isDone = false;
    store.range = async (key) => {
      const found = await range(key);
      if (key.path === prefix && !isDone) {
        isDone = true;
        await what();
      }
      return found;
    };
  };

  it('a policy is not deleted from under a group that begins to use it', async () => {
    afterReading(keys.group().path, () => applyGroup(specOf('shop'), null, deps, never));
    const refused = await rejection(policies.delete('gold', undefined));
    expect(refused.code).to.equal('policy.in-use');
    expect(await store.get(keys.policy('gold'))).not.to.equal(null);
  });

  it("a policy's target is not moved from under a group that begins to use it", async () => {
    afterReading(keys.group().path, () => applyGroup(specOf('shop'), null, deps, never));
    const refused = await rejection(policies.apply({ ...gold, targetRegion: 'north' }, undefined));
    expect(refused.code).to.equal('policy.in-use');
    expect((await store.get(keys.policy('gold')))?.value.targetRegion).to.equal('west');
  });

  it('a policy that no group uses any more leaves nothing behind', async () => {
    await applyGroup(specOf('shop'), null, deps, never);
    expect(await store.range(keys.policyUse())).to.have.length(1);
    await store.transact([], [remove(keys.group('shop')), remove(keys.head('shop'))]);
    await policies.delete('gold', undefined);
    expect(await store.range(keys.policyUse())).to.deep.equal([]);
  });

  describe('a group that moves', () => {
    const moved = specOf('shop', { source: { region: 'north', project: 'demo' } });
    const head = async () => (await store.get(keys.head('shop')))?.value;

    beforeEach(async () => {
      await applyGroup(specOf('shop'), null, deps, never);
    });

    it('is refused when a session began and committed a point while the regions were asked', async () => {
      const ledger = new StoreLedger(store, uncontested);
      const project = west.project.bind(west);
      let isDone = false;
      west.project = async (name) => {
        if (!isDone) {
          isDone = true;
          await ledger.saveSession(sessionOf('shop', 's1'));
          const done = sessionOf('shop', 's1', { phase: 'done' });
          await ledger.commitPoint(pointOf('shop', 's1', '2026-11-21T08:00:00.000Z'), done, []);
        }
        return project(name);
      };
      const refused = await rejection(applyGroup(moved, undefined, deps, never));
      expect(isDone).to.equal(true);
      expect(refused.code).to.equal('group.has-points');
      expect(await head()).to.deep.equal({ generation: 1, primary: 'east', secondary: 'west' });
    });

    it('lets no session begin that was being begun for the old place', async () => {
      await applyGroup(moved, undefined, deps, never);
      expect(await head()).to.deep.equal({ generation: 2, primary: 'north', secondary: 'west' });
      const ledger = new StoreLedger(store, uncontested);
      const late = await rejection(ledger.saveSession(sessionOf('shop', 's1')));
      expect(late.code).to.equal('session.superseded');
    });
  });
});
