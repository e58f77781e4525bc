import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { heard } from '../../../controller/mirror/heard-store.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { PointTallies } from '../../../controller/mirror/point-tallies.ts';
import { Overview } from '../../../controller/service/overview.ts';
import { keys } from '../../../controller/state/keys.ts';
import { put, remove, type Store } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { addGroup, countingRandom, firstHead, pointOf } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('overview', () => {
  let store: Store;
  let requests: number;
  let mirrors: MirrorSet;
  let overview: Overview;

  beforeEach(() => {
    const clock = new ManualClock();
    const ambient = { clock, random: countingRandom(), log: silentLog };
    const writes = new OwnWrites(clock);
    store = heard(new MemoryStore(), {
      onRequest: () => (requests += 1),
      onCommitted: (made, revision) => writes.note(made, revision),
    });
    const kinds = createMirrors(store, ambient);
    mirrors = new MirrorSet(Object.values(kinds), writes, clock);
    const memory = { ...kinds, tallies: new PointTallies(kinds.points) };
    const supervisor = { nextSessionMs: () => null, progress: () => null };
    overview = new Overview({ store, memory, mirrors, supervisor, clock });
  });

  afterEach(() => mirrors.stop());

  const newest = pointOf('shop', 'p2', '2026-11-21T07:55:00.000Z');

  it('costs the store nothing, however often it is asked and however many groups there are', async () => {
    for (const name of ['shop', 'office', 'zoo']) await addGroup(store, name);
    await mirrors.start();
    requests = 0;
    for (let times = 0; times < 50; times++) {
      const states = await overview.statuses();
      expect(states.map(({ name }) => name)).to.deep.equal(['office', 'shop', 'zoo']);
      await overview.status('shop');
      await overview.policies();
    }
    expect(requests).to.equal(0);
  });

  it('shows what was written through this process before, at once', async () => {
    await mirrors.start();
    await addGroup(store, 'shop');
    expect(await overview.status('shop')).to.include({ rpoSeconds: null, generation: 1 });
    await store.transact([], [put(keys.point('shop', 'p2'), newest)]);
    expect(await overview.status('shop')).to.include({ rpoSeconds: 300, newestUsablePoint: 'p2' });
    await store.transact([], [put(keys.head('shop'), { ...firstHead, generation: 2 })]);
    expect((await overview.statuses()).map(({ generation }) => generation)).to.deep.equal([2]);
    await store.transact([], [remove(keys.group('shop')), remove(keys.head('shop'))]);
    expect((await rejection(overview.status('shop'))).code).to.equal('group.not-found');
    expect(await overview.groups()).to.deep.equal([]);
  });

  it('shows the same from memory, from the store, and before the memory is filled', async () => {
    for (const name of ['shop', 'shop2']) await addGroup(store, name);
    const damaged = pointOf('shop', 'p1', '2026-11-21T07:50:00.000Z', { state: 'damaged' });
    for (const point of [newest, damaged])
      await store.transact([], [put(keys.point('shop', point.id), point)]);
    await store.transact(
      [],
      [put(keys.rto('shop'), { seconds: 61, executionId: 'x', at: '2026-11-21T07:50:00.000Z' })],
    );
    const read = { consistency: 'linearizable' } as const;
    const empty = await overview.statuses();
    await mirrors.start();
    const all = await overview.statuses();
    expect(all).to.have.length(2);
    expect(all[0]).to.deep.include({
      rtoSeconds: 61,
      points: { proven: 1, partial: 0, damaged: 1 },
    });
    expect(empty).to.deep.equal(all);
    expect(await overview.statuses(read)).to.deep.equal(all);
    expect(await overview.status('shop', read)).to.deep.equal(all[0]);
    expect(await overview.status('shop')).to.deep.equal(all[0]);
    expect(await overview.group('shop', read)).to.deep.equal(await overview.group('shop'));
    expect(await overview.policy('gold', read)).to.deep.equal(await overview.policy('gold'));
  });
});
