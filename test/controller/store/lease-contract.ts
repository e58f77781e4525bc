import { expect } from 'chai';
import { put, remove, type Store } from '../../../controller/store/store.ts';
import { key, putThing, take } from './things.ts';

/** Long enough for no lease to end by itself on a machine that does other things. */
const ttlMs = 60_000;
const never = new AbortController().signal;

/** What every home of the state must do about leases. */
export function leaseContract(store: () => Store, reopen: () => Promise<unknown>): void {
  it('is held from the beginning until it is revoked', async () => {
    const lease = await store().lease(ttlMs);
    expect([lease.isHeld(), lease.lost.aborted]).to.deep.equal([true, false]);
    await lease.revoke();
    expect([lease.isHeld(), lease.lost.aborted]).to.deep.equal([false, true]);
    expect(lease.lost.reason).to.have.property('code', 'store.lease-lost');
  });

  it('has an id of its own', async () => {
    const leases = [await store().lease(ttlMs), await store().lease(ttlMs)];
    await leases[0]?.revoke();
    leases.push(await store().lease(ttlMs));
    expect(new Set(leases.map(({ id }) => id)).size).to.equal(3);
    expect(leases.map((lease) => lease.isHeld())).to.deep.equal([false, true, true]);
  });

  it('revoked, takes its keys with it in one transaction that watchers see, and no others', async () => {
    const lease = await store().lease(ttlMs);
    const other = await store().lease(ttlMs);
    const operations = [
      put(key('a/1'), { n: 1 }, lease),
      put(key('a/2'), { n: 2 }, lease),
      put(key('a/3'), { n: 3 }, other),
      put(key('a/4'), { n: 4 }),
    ];
    await store().transact([], operations);
    const revision = await putThing(store(), 'b');
    await lease.revoke();
    const left = await store().range(key('a/'));
    expect(left.map(({ path }) => path)).to.deep.equal(['a/3', 'a/4']);
    const [gone] = await take(store().watch(key('a/'), revision, never), 1);
    const paths = gone?.changes.map((change) => change.type === 'delete' && change.path).sort();
    expect([gone?.revision, paths]).to.deep.equal([revision + 1, ['a/1', 'a/2']]);
  });

  it('is named by the keys that are under it, and by no others', async () => {
    const lease = await store().lease(ttlMs);
    const operations = [put(key('a/1'), { n: 1 }, lease), put(key('a/2'), { n: 2 })];
    const outcome = await store().transact([], operations);
    const named = (await store().range(key('a/'))).map((entry) => entry.lease);
    expect(named).to.deep.equal([lease.id, undefined]);
    const from = outcome.committed ? outcome.revision : 0;
    const [told] = await take(store().watch(key('a/1'), from, never), 1);
    const [change] = told?.changes ?? [];
    expect(change?.type === 'put' && change.entry.lease).to.equal(lease.id);
    await putThing(store(), 'a/1', 2);
    expect(await store().get(key('a/1'))).not.to.have.property('lease');
  });

  it('has only the keys that were last put under it', async () => {
    const lease = await store().lease(ttlMs);
    const other = await store().lease(ttlMs);
    const paths = ['a/1', 'a/2', 'a/3', 'a/4'];
    await store().transact(
      [],
      paths.map((path) => put(key(path), { n: 1 }, lease)),
    );
    await putThing(store(), 'a/1', 2);
    await store().transact([], [put(key('a/2'), { n: 2 }, other), remove(key('a/3'))]);
    await putThing(store(), 'a/3', 2);
    await lease.revoke();
    const left = await store().range(key('a/'));
    expect(left.map(({ path }) => path)).to.deep.equal(['a/1', 'a/2', 'a/3']);
  });

  it('that has ended takes no key, and nothing of the transaction is written', async () => {
    const lease = await store().lease(ttlMs);
    await lease.revoke();
    const operations = [put(key('a/1'), { n: 1 }), put(key('a/2'), { n: 1 }, lease)];
    const refused = await store()
      .transact([], operations)
      .catch((error: unknown) => error);
    expect(refused).to.include({ code: 'store.lease-lost', kind: 'transient' });
    expect(await store().range(key('a/'))).to.deep.equal([]);
    await lease.revoke();
  });

  it('of a store that was closed is not held, and its keys are gone when it is opened again', async () => {
    const lease = await store().lease(ttlMs);
    await store().transact([], [put(key('a/1'), { n: 1 }, lease), put(key('a/2'), { n: 2 })]);
    const held = await store().get(key('a/1'));
    expect(held?.value).to.deep.equal({ n: 1 });
    await reopen();
    expect([lease.isHeld(), lease.lost.aborted]).to.deep.equal([false, true]);
    expect((await store().range(key('a/'))).map(({ path }) => path)).to.deep.equal(['a/2']);
    const late = { path: 'a/1', modRevision: held?.modRevision ?? -1 };
    expect(await store().transact([late], [remove(key('a/2'))])).to.have.property(
      'committed',
      false,
    );
  });
}
