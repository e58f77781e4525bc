import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { Standings } from '../../../controller/replication/standings.ts';
import { keys } from '../../../controller/state/keys.ts';
import { latestOf } from '../../../controller/state/summary.ts';
import { type Operation, put, remove } from '../../../controller/store/store.ts';
import { addGroup, countingRandom, firstHead, gold, sessionOf } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('Standings', () => {
  const clock = new ManualClock();
  let store: MemoryStore;
  let standings: Standings;
  let mirrors: ReturnType<typeof createMirrors>;

  beforeEach(async () => {
    store = new MemoryStore();
    for (const name of ['shop', 'office']) await addGroup(store, name);
    mirrors = createMirrors(store, { clock, random: countingRandom(), log: silentLog });
    standings = new Standings(mirrors);
    for (const mirror of Object.values(mirrors)) mirror.start();
    await clock.settle();
  });

  afterEach(async () => {
    for (const mirror of Object.values(mirrors)) await mirror.stop();
  });

  const write = async (...operations: readonly Operation[]) => {
    await store.transact([], operations);
    await clock.settle();
  };

  it('gives the same object as long as nothing of the group changes', async () => {
    const before = standings.of('shop');
    expect(before?.isResting).to.equal(false);
    await write(put(keys.head('office'), { ...firstHead, generation: 7 }));
    expect(standings.of('shop')).to.equal(before);
  });

  it('sees every part change', async () => {
    const session = latestOf(sessionOf('shop', 's1'), null);
    await write(put(keys.latest('shop'), session));
    expect(standings.of('shop')?.session).to.deep.equal(session);
    await write(put(keys.policy('gold'), { ...gold, rpoSeconds: 60 }));
    expect(standings.of('shop')?.policy.rpoSeconds).to.equal(60);
    await write(put(keys.head('shop'), { ...firstHead, primary: 'west', secondary: 'east' }));
    expect(standings.of('shop')?.regions).to.deep.equal(['east', 'west']);
    const record = mirrors.groups.get(keys.group('shop'))!;
    await write(put(keys.group('shop'), { ...record, spec: { ...record.spec, paused: true } }));
    expect(standings.of('shop')?.isResting).to.equal(true);
    await write(remove(keys.group('shop')), remove(keys.head('shop')));
    expect(standings.of('shop')).to.equal(null);
  });

  it('knows a group once all of it is there', async () => {
    const record = mirrors.groups.get(keys.group('shop'))!;
    await write(put(keys.group('zoo'), { ...record, spec: { ...record.spec, name: 'zoo' } }));
    expect(standings.of('zoo')).to.equal(null);
    await write(put(keys.head('zoo'), firstHead));
    expect(standings.of('zoo')).not.to.equal(null);
  });
});
