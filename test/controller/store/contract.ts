import { expect } from 'chai';
import { atomically } from '../../../controller/store/atomically.ts';
import { put, remove, unchanged, type Store } from '../../../controller/store/store.ts';
import { leaseContract } from './lease-contract.ts';
import { pagesContract } from './pages-contract.ts';
import { key } from './things.ts';
import { watchContract } from './watch-contract.ts';

/** What every home of the state must do; `open` gives an empty one, which `reopen` opens again. */
export function storeContract(
  open: () => Promise<Store>,
  reopen: (store: Store) => Promise<Store>,
): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  it('gives null for what was never put', async () => {
    expect(await store.get(key('a/1'))).to.equal(null);
    expect(await store.range(key('a/'))).to.deep.equal([]);
  });

  it('counts one revision for each transaction, and keeps that of the creation', async () => {
    const first = await store.transact([], [put(key('a/1'), { n: 1 }), put(key('a/2'), { n: 2 })]);
    const second = await store.transact([], [put(key('a/1'), { n: 3 })]);
    if (!first.committed || !second.committed) throw new Error('not committed');
    expect(second.revision).to.equal(first.revision + 1);
    expect(await store.get(key('a/1'))).to.deep.equal({
      path: 'a/1',
      value: { n: 3 },
      createRevision: first.revision,
      modRevision: second.revision,
    });
    expect((await store.get(key('a/2')))?.modRevision).to.equal(first.revision);
  });

  it('ranges over a prefix in byte order and over nothing else', async () => {
    const paths = ['a/b', 'a/a', 'a/a/c', 'a', 'a0', 'b/a', 'a/~', 'a/A'];
    await store.transact(
      [],
      paths.map((path, n) => put(key(path), { n })),
    );
    const found = await store.range(key('a/'));
    expect(found.map(({ path }) => path)).to.deep.equal(['a/A', 'a/a', 'a/a/c', 'a/b', 'a/~']);
  });

  it('writes nothing unless every compare holds', async () => {
    await store.transact([], [put(key('a/1'), { n: 1 })]);
    const read = await store.get(key('a/1'));
    await store.transact([], [put(key('a/1'), { n: 2 })]);
    const stale = await store.transact(
      [unchanged(key('a/2'), null), unchanged(key('a/1'), read)],
      [put(key('a/2'), { n: 9 }), remove(key('a/1'))],
    );
    expect(stale).to.deep.equal({ committed: false });
    expect(await store.get(key('a/2'))).to.equal(null);
    expect((await store.get(key('a/1')))?.value).to.deep.equal({ n: 2 });
  });

  it('compares absence: only one of many creators wins', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        store.transact([unchanged(key('a/1'), null)], [put(key('a/1'), { n })]),
      ),
    );
    expect(outcomes.filter(({ committed }) => committed)).to.have.length(1);
  });

  it('a key that was deleted and made again has a new creation revision', async () => {
    await store.transact([], [put(key('a/1'), { n: 1 })]);
    const before = await store.get(key('a/1'));
    await store.transact([], [remove(key('a/1'))]);
    expect(await store.get(key('a/1'))).to.equal(null);
    await store.transact([], [put(key('a/1'), { n: 1 })]);
    const outcome = await store.transact([unchanged(key('a/1'), before)], []);
    expect(outcome.committed).to.equal(false);
  });

  it('loses no increment of many writers at once', async () => {
    await Promise.all(
      Array.from({ length: 30 }, () =>
        atomically(store, async () => {
          const read = await store.get(key('count'));
          const n = (read?.value.n ?? 0) + 1;
          const operations = [put(key('count'), { n })];
          return { compares: [unchanged(key('count'), read)], operations, result: n };
        }),
      ),
    );
    expect((await store.get(key('count')))?.value).to.deep.equal({ n: 30 });
  });

  it('refuses a key that would break the order, and writes nothing of its transaction', async () => {
    const operations = [put(key('a/1'), { n: 1 }), put(key('a/\u00fc'), { n: 2 })];
    const refused = await store.transact([], operations).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'store.bad-key');
    expect(await store.get(key('a/1'))).to.equal(null);
  });

  it('refuses a transaction that writes one key twice, and writes nothing of it', async () => {
    const operations = [put(key('a/1'), { n: 1 }), put(key('a/2'), { n: 2 }), remove(key('a/1'))];
    const refused = await store.transact([], operations).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'store.bad-transaction');
    expect(await store.range(key('a/'))).to.deep.equal([]);
  });

  it('keeps everything and goes on counting when opened again', async () => {
    await store.transact([], [put(key('a/1'), { n: 1 })]);
    const before = await store.get(key('a/1'));
    store = await reopen(store);
    expect(await store.get(key('a/1'))).to.deep.equal(before);
    const next = await store.transact([unchanged(key('a/1'), before)], [put(key('b'), { n: 2 })]);
    if (!next.committed) throw new Error('not committed');
    expect(next.revision).to.be.greaterThan(before!.modRevision);
  });

  describe('pages', () => pagesContract(() => store));
  describe('watch', () => watchContract(() => store));
  describe('lease', () =>
    leaseContract(
      () => store,
      async () => (store = await reopen(store)),
    ));
}
