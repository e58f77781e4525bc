import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { heard } from '../../../controller/mirror/heard-store.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { Reads } from '../../../controller/mirror/reads.ts';
import {
  type Key,
  type Page,
  type PageOptions,
  put,
  type Store,
} from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const thing = (name = ''): Key<string> => ({ path: `things/${name}` });

describe('reads of what is not in memory', () => {
  let majority: MemoryStore;
  let nearest: MemoryStore;
  let hasMajority: boolean;
  let asked: string[];
  let store: Store;
  let reads: Reads;

  beforeEach(() => {
    [majority, nearest] = [new MemoryStore(), new MemoryStore()];
    hasMajority = true;
    asked = [];
    const writes = new OwnWrites(new ManualClock());
    const page = async <T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> => {
      asked.push(options.consistency ?? '');
      if (options.consistency === 'local') return nearest.page(prefix, options);
      if (hasMajority) return majority.page(prefix, options);
      throw new FarshoreError('no majority answers', {
        code: 'store.unavailable',
        kind: 'transient',
        operation: 'read state',
      });
    };
    store = heard(majority, { onCommitted: (made, revision) => writes.note(made, revision) });
    reads = new Reads({ page }, writes);
  });

  const write = (name: string, value: string) => store.transact([], [put(thing(name), value)]);
  /** What reached the majority, and the nearest copy in time. */
  const writeAll = async (name: string, value: string) => {
    await nearest.transact([], [put(thing(name), value)]);
    await write(name, value);
  };

  it('are answered by the nearest copy', async () => {
    await writeAll('a', 'one');
    asked = [];
    expect((await reads.get(thing('a')))?.value).to.equal('one');
    expect((await reads.range(thing())).map(({ value }) => value)).to.deep.equal(['one']);
    expect(asked).to.deep.equal(['local', 'local']);
  });

  it('find one key, and not those that begin with it', async () => {
    await writeAll('ab', 'longer');
    expect(await reads.get(thing('a'))).to.equal(null);
    await writeAll('a', 'short');
    expect((await reads.get(thing('a')))?.value).to.equal('short');
  });

  it('find what this process wrote, also while the nearest copy lacks it', async () => {
    await writeAll('a', 'old');
    await write('a', 'new');
    await write('b', 'made');
    expect((await reads.get(thing('a')))?.value).to.equal('new');
    expect((await reads.get(thing('b')))?.value).to.equal('made');
    expect((await reads.range(thing())).map(({ value }) => value)).to.deep.equal(['new', 'made']);
  });

  it('show what the copy has where no majority answers, unless more is asked for', async () => {
    await writeAll('a', 'old');
    await write('a', 'new');
    hasMajority = false;
    expect((await reads.get(thing('a')))?.value).to.equal('old');
    const error = await rejection(reads.get(thing('a'), { consistency: 'linearizable' }));
    expect(error.code).to.equal('store.unavailable');
  });

  it('ask a majority when told to, and it alone', async () => {
    await writeAll('a', 'old');
    await majority.transact([], [put(thing('a'), "another controller's")]);
    asked = [];
    const entry = await reads.get(thing('a'), { consistency: 'linearizable' });
    expect(entry?.value).to.equal("another controller's");
    expect(asked).to.deep.equal(['linearizable']);
  });
});

describe('OwnWrites', () => {
  it('knows the newest by kind of key, in whatever order the answers came', () => {
    const writes = new OwnWrites(new ManualClock());
    writes.note([put({ path: 'groups/a' }, 1), put({ path: 'heads/a' }, 1)], 7);
    writes.note([put({ path: 'groups/b' }, 1)], 5);
    expect(writes.newest('groups/')).to.equal(7);
    expect(writes.newest('heads/zz')).to.equal(7);
    expect(writes.newest('points/')).to.equal(0);
  });

  it('tells how long ago the first write was that is missed', async () => {
    const clock = new ManualClock();
    const writes = new OwnWrites(clock);
    for (const revision of [1, 2, 3]) {
      writes.note([put({ path: 'groups/a' }, revision)], revision);
      await clock.advance(10);
    }
    expect([0, 1, 2, 3].map((revision) => writes.lagMs('groups/', revision))).to.deep.equal([
      30_000, 20_000, 10_000, 0,
    ]);
  });

  it('notes nothing of what was not committed', async () => {
    const writes = new OwnWrites(new ManualClock());
    const store = heard(new MemoryStore(), {
      onCommitted: (made, revision) => writes.note(made, revision),
    });
    const taken = { path: 'groups/a', modRevision: 4 };
    expect(await store.transact([taken], [put({ path: 'groups/a' }, 1)])).to.include({
      committed: false,
    });
    expect(writes.newest('groups/')).to.equal(0);
  });
});
