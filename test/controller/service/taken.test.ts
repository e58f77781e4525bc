import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { heard } from '../../../controller/mirror/heard-store.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { takenFaults } from '../../../controller/service/taken.ts';
import { keys } from '../../../controller/state/keys.ts';
import { remove, type Store } from '../../../controller/store/store.ts';
import { addGroup, countingRandom, specOf, volume } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('members that another group has', () => {
  const clock = new ManualClock();
  let store: Store;
  let memory: ReturnType<typeof createMirrors>;
  let mirrors: MirrorSet;
  let pages: number;

  beforeEach(async () => {
    store = heard(new MemoryStore(), {
      onRequest: (request) => (pages += Number(request === 'page')),
      onCommitted: () => undefined,
    });
    memory = createMirrors(store, { clock, random: countingRandom(), log: silentLog });
    mirrors = new MirrorSet(Object.values(memory), new OwnWrites(clock), clock);
    await mirrors.start();
    await clock.settle();
    pages = 0;
  });

  afterEach(() => mirrors.stop());

  const revisionOf = async () => (await store.get(keys.members('shop')))?.modRevision ?? 0;
  const sites = memorySites([new MemoryRegion('east')], 'unused');
  const { signal } = new AbortController();
  const found = async (revision: number, spec = specOf('office')) =>
    (await takenFaults(spec, [volume], { store, memory, sites, mirrors }, revision, signal)).length;

  it('are found, though memory has not come as far', async () => {
    await mirrors.stop();
    await addGroup(store, 'shop');
    const revision = await revisionOf();
    expect(memory.members.revision).to.be.below(revision);
    expect(await found(revision)).to.equal(1);
  });

  it('are found by memory, and said by the store', async () => {
    await addGroup(store, 'shop');
    await clock.settle();
    expect(await found(await revisionOf())).to.equal(1);
    expect(pages).to.be.above(0);
  });

  it('are found where one names the project by its id, and not where the other is nowhere', async () => {
    await addGroup(store, 'shop', { source: { region: 'east', project: 'p1' } });
    expect(await found(await revisionOf())).to.equal(1);
    await addGroup(store, 'shop', { source: { region: 'east', project: 'gone' } });
    await clock.settle();
    expect(await found(await revisionOf())).to.equal(0);
    await addGroup(store, 'shop', { source: { region: 'west', project: 'p1' } });
    await clock.settle();
    expect(await found(await revisionOf())).to.equal(0);
  });

  it('cost the store nothing where memory has come as far and there are none', async () => {
    await addGroup(store, 'shop', { source: { region: 'east', project: 'other' } });
    await clock.settle();
    const revision = await revisionOf();
    expect(await found(revision)).to.equal(0);
    expect(await found(revision, specOf('shop'))).to.equal(0);
    expect(pages).to.equal(0);
  });

  it('that were given up since refuse nobody, though memory has not heard of it', async () => {
    await addGroup(store, 'shop');
    await clock.settle();
    const revision = await revisionOf();
    await mirrors.stop();
    const gone = [keys.group('shop'), keys.head('shop'), keys.members('shop')];
    await store.transact([], gone.map(remove));
    expect(memory.members.get(keys.members('shop'))).not.to.equal(undefined);
    expect(await found(revision)).to.equal(0);
  });
});
