import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { heard } from '../../../controller/mirror/heard-store.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { PointTallies } from '../../../controller/mirror/point-tallies.ts';
import { Reads } from '../../../controller/mirror/reads.ts';
import { Overview } from '../../../controller/service/overview.ts';
import { keys } from '../../../controller/state/keys.ts';
import { EtcdStore } from '../../../controller/store/etcd/etcd-store.ts';
import { put, type Store } from '../../../controller/store/store.ts';
import { addGroup, firstHead } from '../../controller/support/fixtures.ts';
import { EtcdCluster, hasEtcd } from '../../support/etcd.ts';
import { rejection } from '../../support/rejection.ts';
import { systemAmbient as ambient } from '../../support/system-ambient.ts';

/** What is read of the state by a controller whose nearest member is the first of three. */
describe('reads over a real etcd', function () {
  let cluster: EtcdCluster;
  let near: Store;
  let far: Store;
  let mirrors: MirrorSet;
  let overview: Overview;
  let reads: Reads;

  before(async function () {
    if (!hasEtcd) this.skip();
    cluster = await EtcdCluster.start(3);
  });

  beforeEach(async () => {
    const prefix = `test-${ambient.random.id()}/`;
    const { endpoints } = cluster;
    const open = (nearest: string) => EtcdStore.open({ endpoints, nearest, prefix, ambient });
    const writes = new OwnWrites(ambient.clock);
    near = heard(open(endpoints[0] ?? ''), {
      onCommitted: (operations, revision) => writes.note(operations, revision),
    });
    far = open(endpoints[2] ?? '');
    const kinds = createMirrors(near, ambient);
    mirrors = new MirrorSet(Object.values(kinds), writes, ambient.clock);
    reads = new Reads(near, writes);
    overview = new Overview({
      store: near,
      memory: { ...kinds, tallies: new PointTallies(kinds.points) },
      mirrors,
      supervisor: { nextSessionMs: () => null, progress: () => null },
      clock: ambient.clock,
    });
    await mirrors.start();
  });

  afterEach(async () => {
    await mirrors.stop();
    await Promise.all([near.close(), far.close()]);
  });

  after(async () => {
    if (hasEtcd) await cluster.stop();
  });

  const generationOf = async () => (await overview.status('shop')).generation;
  const raise = (store: Store, generation: number) =>
    store.transact([], [put(keys.head('shop'), { ...firstHead, generation })]);
  const until = async (holds: () => Promise<boolean> | boolean, ms: number) => {
    const start = performance.now();
    while (!(await holds())) {
      if (performance.now() - start > ms) throw new Error(`not within ${ms} ms`);
      await delay(20);
    }
    return Math.round(performance.now() - start);
  };

  it('show what this controller wrote at once, and what another wrote soon', async () => {
    await addGroup(near, 'shop');
    for (let generation = 2; generation <= 50; generation++) {
      await raise(near, generation);
      expect(await generationOf()).to.equal(generation);
      expect((await reads.get(keys.head('shop')))?.value.generation).to.equal(generation);
    }
    await raise(far, 51);
    await until(async () => (await generationOf()) === 51, 2000);
  });

  it('go on over another member while the nearest hangs, and miss nothing', async () => {
    const [nearest] = cluster.members;
    await addGroup(near, 'shop');
    nearest?.pause();
    try {
      await raise(far, 2);
      const tookMs = await until(async () => (await generationOf()) === 2, 15_000);
      console.log(`the nearest member hangs: memory goes on after ${tookMs} ms`);
      const start = performance.now();
      expect((await reads.get(keys.head('shop')))?.value.generation).to.equal(2);
      console.log(`and a local read takes ${Math.round(performance.now() - start)} ms`);
    } finally {
      nearest?.resume();
    }
  });

  it('answer from memory and the nearest copy without a quorum, say so, and catch up', async () => {
    await addGroup(near, 'shop');
    await addGroup(near, 'office');
    const others = cluster.members.slice(1);
    for (const member of others) await member.stop('SIGKILL');
    try {
      const noticedMs = await until(() => !near.health().hasQuorum, 10_000);
      console.log(`two of three killed: no quorum is known after ${noticedMs} ms`);
      expect((await overview.statuses()).map(({ name }) => name)).to.deep.equal(['office', 'shop']);
      expect((await reads.get(keys.head('shop')))?.value.generation).to.equal(1);
      expect(near.health().quorumAgeMs).to.be.above(1000);
      const error = await rejection(overview.statuses({ consistency: 'linearizable' }));
      expect(error.code).to.equal('store.unavailable');
      expect((await rejection(raise(near, 2))).code).to.be.oneOf([
        'store.unavailable',
        'store.outcome-unknown',
      ]);
    } finally {
      for (const member of others) member.start();
    }
    await Promise.all(others.map((member) => member.ready()));
    const tookMs = await until(() => near.health().hasQuorum, 15_000);
    console.log(`back: the quorum is known after ${tookMs} ms`);
    await raise(far, 3);
    await until(async () => (await generationOf()) === 3, 15_000);
    expect(await overview.statuses({ consistency: 'linearizable' })).to.have.length(2);
  });
});
