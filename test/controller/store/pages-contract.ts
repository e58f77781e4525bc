import { expect } from 'chai';
import type { Entry, Page, PageOptions, Store } from '../../../controller/store/store.ts';
import { putThing, key, type Thing } from './things.ts';

/** What every home of the state must do about pages. */
export function pagesContract(store: () => Store): void {
  const page = (options: PageOptions): Promise<Page<Thing>> => store().page(key('a/'), options);
  const paths = (entries: readonly Entry<unknown>[]): readonly string[] =>
    entries.map(({ path }) => path);

  it('give a range piece by piece', async () => {
    for (const name of ['a/3', 'a/1', 'b', 'a/2', 'a', 'a/4']) await putThing(store(), name);
    const first = await page({ limit: 2 });
    expect([paths(first.entries), first.hasMore]).to.deep.equal([['a/1', 'a/2'], true]);
    const second = await page({ limit: 2, after: 'a/2', revision: first.revision });
    expect([paths(second.entries), second.hasMore]).to.deep.equal([['a/3', 'a/4'], false]);
    const third = await page({ limit: 2, after: 'a/4' });
    expect([third.entries, third.hasMore]).to.deep.equal([[], false]);
  });

  it('all show the instant of the first, whatever was written since', async () => {
    for (const name of ['a/1', 'a/2', 'a/3', 'a/5']) await putThing(store(), name, 1);
    const first = await page({ limit: 1 });
    await putThing(store(), 'a/3', 2);
    await putThing(store(), 'a/4', 2);
    await store().transact([], [{ type: 'delete', path: 'a/5' }]);
    const second = await page({ limit: 1, after: 'a/1', revision: first.revision });
    const rest = await page({ limit: 9, after: 'a/2', revision: first.revision });
    expect([second.revision, rest.revision]).to.deep.equal([first.revision, first.revision]);
    expect(rest.entries.map(({ path, value }) => [path, value.n])).to.deep.equal([
      ['a/3', 1],
      ['a/5', 1],
    ]);
    expect(paths((await page({ limit: 9 })).entries)).to.deep.equal(['a/1', 'a/2', 'a/3', 'a/4']);
  });

  it('name the revision from whose successor watching misses nothing', async () => {
    await putThing(store(), 'a/1');
    const { revision } = await page({ limit: 9 });
    expect(await putThing(store(), 'b/1')).to.equal(revision + 1);
  });

  it('of a revision that is yet to come are refused', async () => {
    const revision = (await putThing(store(), 'a/1')) + 100;
    const refused = await page({ limit: 1, revision }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'store.compacted');
  });

  it('read locally show the same while nothing is written', async () => {
    await putThing(store(), 'a/1', 7);
    const local = { consistency: 'local' } as const;
    expect((await page({ limit: 9, ...local })).entries.map(({ value }) => value.n)).to.deep.equal([
      7,
    ]);
    expect((await store().get(key('a/1'), local))?.value.n).to.equal(7);
    expect(await store().range(key('a/'), local)).to.have.length(1);
  });
}
