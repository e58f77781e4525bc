import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { assertLease } from '../../../controller/cluster/assert-lease.ts';
import { currentClaim } from '../../../controller/cluster/current-claim.ts';
import { keys } from '../../../controller/state/keys.ts';
import { importMark } from '../../../controller/store/snapshot.ts';
import { type Operation, put, remove } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { memberOf } from '../support/cluster.ts';
import { countingRandom } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const never = new AbortController().signal;

describe('StoreCluster', () => {
  const clock = new ManualClock();
  const members: ReturnType<typeof memberOf>[] = [];
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });
  afterEach(async () => {
    for (const member of members.splice(0)) {
      const stopped = member.stop();
      await clock.advance(1);
      await stopped;
    }
  });

  const join = async (region: string | null) => {
    const random = countingRandom();
    const member = memberOf(store, { clock, random, log: silentLog }, region);
    members.push(member);
    await member.start();
    await clock.advance(1);
    return member.cluster;
  };
  const expire = async (id: string) => {
    store.expireLease(store.leaseOf(keys.controller(id).path)!);
    await clock.settle();
  };

  const away = (code: string) =>
    new FarshoreError('away', { code, kind: 'transient', operation: 'write state' });
  const refuse = (which: (operations: readonly Operation[]) => boolean) => {
    store.beforeWrite = (operations) => {
      if (which(operations)) throw away('store.unavailable');
    };
  };

  it('lets nobody in while a state is brought, and who waits in afterwards', async () => {
    await store.transact([], [put(importMark, { sha256: '', keys: 1 })]);
    const east = await join('east');
    expect(east.self).to.equal(null);
    expect(await store.range(keys.live())).to.deep.equal([]);
    await store.transact([], [remove(importMark)]);
    await clock.advance(3);
    expect(east.self?.site).to.equal('east');
  });

  it('knows who is there, and has one leader', async () => {
    const east = await join('east');
    const west = await join('west');
    const witness = await join(null);
    for (const each of [east, west, witness]) {
      expect(each.controllers().map(({ site }) => site)).to.have.members([
        'east',
        'west',
        'witness',
      ]);
      expect(each.leader()?.site).to.equal('east');
    }
    expect([east, west, witness].map((each) => each.isLeader())).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(west.leadership()).to.equal(null);
    const { modRevision } = (await store.get(keys.leader()))!;
    expect(east.leadership()).to.deep.equal({ path: keys.leader().path, modRevision });
  });

  it('one that loses its lease loses everything, and comes back as another', async () => {
    const east = await join('east');
    const west = await join('west');
    const before = east.self!.id;
    const claim = (await east.claims.take('session', 'shop'))!;
    await expire(before);
    expect(claim.lost.aborted).to.equal(true);
    expect(east.self).to.equal(null);
    expect(() => assertLease(east))
      .to.throw()
      .with.property('code', 'controller.stepped-down');
    expect(() => east.claims.compareOf('session', 'shop'))
      .to.throw()
      .with.property('code', 'claim.lost');
    await clock.advance(2);
    expect(west.leader()?.site).to.equal('west');
    expect(east.self?.id).to.be.a('string').and.not.to.equal(before);
    expect(west.controllers().map(({ id }) => id))
      .to.include(east.self!.id)
      .and.not.include(before);
    expect(await west.claims.take('session', 'shop')).not.to.equal(null);
  });

  it('gives a claim to one of many who ask, and to the next when it is released', async () => {
    const [east, west] = [await join('east'), await join('west')];
    const taken = await Promise.all(
      [east, west, east].map((each) => each.claims.take('execution', 'x1')),
    );
    const claims = taken.filter((claim) => claim !== null);
    expect(claims).to.have.length(1);
    await claims[0]!.release();
    expect(claims[0]!.lost.aborted).to.equal(true);
    expect(await west.claims.take('execution', 'x1')).not.to.equal(null);
    expect(await east.claims.take('execution', 'x1')).to.equal(null);
  });

  it('finds its own claim again when the answer to taking it was lost', async () => {
    const east = await join('east');
    store.afterWrite = () => {
      store.afterWrite = undefined;
      throw new FarshoreError('the answer is lost', {
        code: 'store.outcome-unknown',
        kind: 'transient',
        operation: 'write',
      });
    };
    const lost = await rejection(east.claims.take('session', 'shop'));
    expect(lost.code).to.equal('store.outcome-unknown');
    const claim = (await east.claims.take('session', 'shop'))!;
    expect(claim.compare.modRevision).to.equal(
      (await store.get(keys.claim('session', 'shop')))!.modRevision,
    );
  });

  it('a claim that is taken away is lost at once, and its writes before that are refused', async () => {
    const east = await join('east');
    const claim = (await east.claims.take('session', 'shop'))!;
    const deleted = store.transact([], [remove(keys.claim('session', 'shop'))]);
    await deleted;
    const error = await rejection(currentClaim(store, east.claims, 'session', 'shop'));
    expect(error.code).to.equal('claim.lost');
    expect((await store.transact([claim.compare], [])).committed).to.equal(false);
    await clock.settle();
    expect(claim.lost.aborted).to.equal(true);
  });

  it('a claim taken again is not lost by the deletion of the one before', async () => {
    const east = await join('east');
    for (let round = 0; round < 20; round++) {
      const claim = (await east.claims.take('session', 'shop'))!;
      await claim.release();
      const again = (await east.claims.take('session', 'shop'))!;
      await clock.settle();
      expect(again.lost.aborted).to.equal(false);
      await again.release();
    }
  });

  it('a holder that is asked to yields; one that does not is waited for, and no longer than it may take', async () => {
    const [east, west] = [await join('east'), await join('west')];
    const claim = (await east.claims.take('session', 'shop'))!;
    const stop = east.onChange(() => {
      if (east.isYielding('shop')) void claim.release();
    });
    const insisted = west.claims.insist('shop', never);
    await clock.advance(1);
    expect((await insisted).id).to.equal('shop');
    expect(west.isYielding('shop')).to.equal(false);
    stop();
    const refused = rejection(east.claims.insist('shop', never));
    await clock.advance(25);
    expect((await refused).code).to.equal('group.busy');
    expect(await store.range(keys.yields())).to.deep.equal([]);
  });

  it('a claim taken while the one before is being given back is not deleted with it', async () => {
    const east = await join('east');
    const before = (await east.claims.take('session', 'shop'))!;
    const transact = store.transact.bind(store);
    const late = Promise.withResolvers<undefined>();
    store.transact = async (compares, operations) => {
      if (operations[0]?.type === 'delete') await late.promise;
      return transact(compares, operations);
    };
    const released = before.release();
    const claim = (await east.claims.take('session', 'shop'))!;
    late.resolve(undefined);
    await released;
    await clock.settle();
    expect(claim.lost.aborted).to.equal(false);
    expect((await store.get(claim.compare))?.modRevision).to.equal(claim.compare.modRevision);
    expect(claim.compare.modRevision).to.be.above(before.compare.modRevision);
  });

  it('what the store did not let go of keeps others out only until it answers again', async () => {
    const [east, west] = [await join('east'), await join('west')];
    const claim = (await east.claims.take('session', 'shop'))!;
    refuse((operations) => operations[0]?.type === 'delete');
    await claim.release();
    await clock.advance(3);
    expect(await west.claims.take('session', 'shop')).to.equal(null);
    store.beforeWrite = undefined;
    await clock.advance(2);
    expect(await west.claims.take('session', 'shop')).not.to.equal(null);
  });

  it('a wish that cannot be taken back costs nobody the claim, and goes when the store answers', async () => {
    const [east, west] = [await join('east'), await join('west')];
    const held = (await east.claims.take('session', 'shop'))!;
    const insisted = west.claims.insist('shop', never);
    await clock.advance(1);
    refuse((operations) => operations[0]?.path === keys.yields('shop').path);
    await held.release();
    await clock.advance(1);
    const claim = await insisted;
    expect(east.isYielding('shop')).to.equal(true);
    store.beforeWrite = undefined;
    await clock.advance(2);
    expect(east.isYielding('shop')).to.equal(false);
    expect(claim.lost.aborted).to.equal(false);
  });

  it('a claim whose answer was lost, and that is not taken again, keeps others out for a second', async () => {
    const [east, west] = [await join('east'), await join('west')];
    store.afterWrite = () => {
      store.afterWrite = undefined;
      throw away('store.outcome-unknown');
    };
    expect((await rejection(east.claims.take('session', 'shop'))).code).to.equal(
      'store.outcome-unknown',
    );
    expect(await west.claims.take('session', 'shop')).to.equal(null);
    await clock.advance(2);
    expect(await west.claims.take('session', 'shop')).not.to.equal(null);
  });

  it('leaves nothing behind when it stops, and others lead at once', async () => {
    const [east, west] = [await join('east'), await join('west')];
    await east.claims.take('session', 'shop');
    const stopped = east.stop();
    await clock.advance(1);
    await stopped;
    expect((await store.range(keys.live())).map(({ path }) => path)).to.have.members([
      keys.controller(west.self!.id).path,
      keys.leader().path,
    ]);
    expect(west.isLeader()).to.equal(true);
    await west.stop();
    members.splice(0);
  });
});
