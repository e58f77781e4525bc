import { expect } from 'chai';
import { History } from '../../../controller/store/history.ts';
import { encodeRecord } from '../../../controller/store/record.ts';
import { take } from './things.ts';

const never = new AbortController().signal;

describe('History', () => {
  const add = (history: History, revision: number, value: unknown = revision) => {
    const record = encodeRecord({ createRevision: revision, modRevision: revision, value });
    history.add([{ path: `a/${revision}`, record }]);
  };
  const failure = (history: History, from: number): Promise<unknown> =>
    take(history.watch('a/', from, never)).catch((error: unknown) => error);

  it('knows nothing from before it began', async () => {
    const history = new History(7);
    add(history, 8);
    expect(await take(history.watch('a/', 8, never), 1)).to.have.length(1);
    expect(await failure(history, 7)).to.include({ code: 'store.compacted', kind: 'permanent' });
  });

  it('keeps the newest only, by number and by size', async () => {
    const few = new History(0, { transactions: 3, characters: 10_000 });
    for (let revision = 1; revision <= 5; revision++) add(few, revision);
    expect(await take(few.watch('a/', 3, never), 3)).to.have.length(3);
    expect(await failure(few, 2)).to.have.property('code', 'store.compacted');
    const small = new History(0, { transactions: 100, characters: 1000 });
    for (let revision = 1; revision <= 5; revision++) add(small, revision, 'x'.repeat(400));
    expect(await take(small.watch('a/', 4, never), 2)).to.have.length(2);
    expect(await failure(small, 3)).to.have.property('code', 'store.compacted');
  });

  it('tells a watcher that fell behind, and holds nobody up for it', async () => {
    const history = new History(0, { transactions: 3, characters: 10_000 });
    const slow = history.watch('a/', 1, never)[Symbol.asyncIterator]();
    add(history, 1);
    expect((await slow.next()).value).to.have.property('revision', 1);
    for (let revision = 2; revision <= 9; revision++) add(history, revision);
    const error = await slow.next().catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'store.compacted');
  });

  it('closed, gives what is left and then the reason', async () => {
    const history = new History(0);
    add(history, 1);
    const watch = history.watch('a/', 1, never)[Symbol.asyncIterator]();
    history.close();
    expect((await watch.next()).value).to.have.property('revision', 1);
    const error = await watch.next().catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'store.closed');
  });
});
