import { expect } from 'chai';
import { put, remove, type Store } from '../../../controller/store/store.ts';
import { key, putThing, take } from './things.ts';

/** What every home of the state must do about watching. */
export function watchContract(store: () => Store): void {
  let stop: AbortController;
  beforeEach(() => (stop = new AbortController()));
  afterEach(() => stop.abort());
  const watch = (prefix: string, from: number) => store().watch(key(prefix), from, stop.signal);

  it('tells what was written before and after it began, in order', async () => {
    const first = await putThing(store(), 'a/1', 1);
    await putThing(store(), 'a/2', 2);
    const seen = take(watch('a/', first), 4);
    await putThing(store(), 'a/1', 3);
    await store().transact([], [remove(key('a/2'))]);
    expect(await seen).to.deep.equal([
      { revision: first, changes: [change('a/1', 1, first)] },
      { revision: first + 1, changes: [change('a/2', 2, first + 1)] },
      { revision: first + 2, changes: [change('a/1', 3, first, first + 2)] },
      { revision: first + 3, changes: [{ type: 'delete', path: 'a/2' }] },
    ]);
  });

  it('tells all that one transaction did below the prefix at once, and nothing of the rest', async () => {
    const first = await putThing(store(), 'b/1');
    const operations = ['a/1', 'a', 'b/2', 'a/2', 'a0'].map((path) => put(key(path), { n: 0 }));
    await store().transact([], operations);
    await putThing(store(), 'b/1');
    await putThing(store(), 'a/3');
    const seen = await take(watch('a/', first), 2);
    const paths = seen.map(({ changes }) =>
      changes.map((one) => (one.type === 'put' ? one.entry.path : one.path)).sort(),
    );
    expect(paths).to.deep.equal([['a/1', 'a/2'], ['a/3']]);
    expect(seen.map(({ revision }) => revision)).to.deep.equal([first + 1, first + 3]);
  });

  it('says nothing of a transaction that was not committed', async () => {
    const first = await putThing(store(), 'a/1', 1);
    await store().transact([{ path: 'a/1', modRevision: 0 }], [put(key('a/2'), { n: 2 })]);
    await putThing(store(), 'a/3', 3);
    const seen = await take(watch('a/', first), 2);
    expect(seen[1]?.changes).to.deep.equal([change('a/3', 3, first + 1)]);
  });

  it('waits for a revision that is yet to come', async () => {
    const first = await putThing(store(), 'a/1');
    const seen = take(watch('a/', first + 2), 1);
    await putThing(store(), 'a/2');
    await putThing(store(), 'a/3');
    expect((await seen)[0]?.revision).to.equal(first + 2);
  });

  it('many see every one of many transactions, each at its own pace', async () => {
    const first = await putThing(store(), 'a/0');
    const watchers = Array.from({ length: 5 }, () => take(watch('a/', first + 1), 100));
    await Promise.all(Array.from({ length: 100 }, (_, n) => putThing(store(), `a/${n % 10}`, n)));
    for (const seen of await Promise.all(watchers))
      expect(seen.map(({ revision }) => revision)).to.deep.equal(
        Array.from({ length: 100 }, (_, n) => first + 1 + n),
      );
  });

  it('ends without an error when told, also while it waits', async () => {
    const first = await putThing(store(), 'a/1');
    const seen = take(watch('a/', first));
    await putThing(store(), 'a/2');
    // The second watch has seen both by the time that the first is told to end.
    await take(watch('a/', first), 2);
    stop.abort();
    expect((await seen).length).to.be.within(0, 2);
    expect(await take(watch('a/', first))).to.deep.equal([]);
  });
}

function change(path: string, n: number, createRevision: number, modRevision = createRevision) {
  return { type: 'put', entry: { path, value: { n }, createRevision, modRevision } };
}
