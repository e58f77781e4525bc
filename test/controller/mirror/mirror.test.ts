import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { Mirror, type MirrorChange } from '../../../controller/mirror/mirror.ts';
import {
  type Entry,
  type Key,
  type Page,
  type PageOptions,
  put,
  remove,
  type Transaction,
} from '../../../controller/store/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const numbers = (name = ''): Key<number> => ({ path: `numbers/${name}` });

describe('mirror', () => {
  let store: FlakyStore;
  let clock: ManualClock;
  let mirror: Mirror<number, string>;
  let told: string[];

  beforeEach(() => {
    store = new FlakyStore();
    clock = new ManualClock();
    told = [];
    mirror = mirrorOf(store);
  });

  afterEach(() => mirror.stop());

  function mirrorOf(of: FlakyStore): Mirror<number, string> {
    const made = new Mirror({
      store: of,
      prefix: numbers(),
      project: ({ value }: Entry<number>) => `#${value}`,
      ambient: { clock, random: systemRandom, log: silentLog },
    });
    made.onChange((changes) => told.push(changes.map(described).join(' ')));
    return made;
  }

  function write(name: string, value: number | null): Promise<number> {
    const key = numbers(name);
    return store.write(value === null ? remove(key) : put(key, value));
  }

  it('holds what is there, projected, and follows what changes', async () => {
    await write('a', 1);
    await store.write(put({ path: 'others/a' }, 5));
    mirror.start();
    await mirror.ready;
    expect(mirror.isInStep).to.equal(true);
    expect(mirror.revision).to.equal(2);
    expect(mirror.get(numbers('a'))).to.equal('#1');
    expect(mirror.get({ path: 'others/a' })).to.equal(undefined);

    await write('a', 2);
    await write('b', 7);
    await mirror.reach(await write('a', null), new AbortController().signal);
    expect([...mirror.values()]).to.deep.equal(['#7']);
    expect(told).to.deep.equal(['a: -→#1', 'a: #1→#2', 'b: -→#7', 'a: #2→-']);
  });

  it('shows a transaction whole', async () => {
    mirror.start();
    await mirror.ready;
    const seen: number[] = [];
    mirror.onChange(() => seen.push(mirror.size));
    const revision = await store.write(put(numbers('a'), 1), put(numbers('b'), 2));
    await mirror.reach(revision, new AbortController().signal);
    expect(seen).to.deep.equal([2]);
    expect(told).to.deep.equal(['a: -→#1 b: -→#2']);
  });

  it('lists in pages, all of one instant', async () => {
    for (let n = 0; n < 1203; n++) await write(String(n).padStart(5, '0'), n);
    store.betweenPages = () => write('99999', 1).then(() => undefined);
    mirror.start();
    await mirror.ready;
    await clock.settle();
    expect(mirror.size).to.equal(1204);
    const [first, ...later] = told;
    expect(first?.match(/→/g)).to.have.length(1203);
    expect(later).to.deep.equal(['99999: -→#1', '99999: #1→#1']);
  });

  it('lists again what was compacted meanwhile, and tells the differences alone', async () => {
    for (const name of ['kept', 'changed', 'deleted']) await write(name, 1);
    mirror.start();
    await mirror.ready;
    await clock.settle();
    told.length = 0;
    store.isAway = true;
    store.cut('store.compacted');
    await clock.settle();
    await write('changed', 2);
    await write('deleted', null);
    await write('added', 1);
    expect(mirror.isInStep).to.equal(false);
    expect(mirror.get(numbers('deleted'))).to.equal('#1');
    store.isAway = false;
    await clock.advance(5);
    expect(mirror.isInStep).to.equal(true);
    expect(
      told
        .join(' ')
        .split(/ (?=\w)/)
        .sort(),
    ).to.deep.equal(['added: -→#1', 'changed: #1→#2', 'deleted: #1→-']);
    await write('kept', 3);
    await clock.settle();
    expect(mirror.get(numbers('kept'))).to.equal('#3');
  });

  it('waits longer each time for a store that is away, and catches up when it returns', async () => {
    await write('a', 1);
    store.isAway = true;
    mirror.start();
    await clock.advance(60);
    expect(mirror.isInStep).to.equal(false);
    expect(store.asked).to.be.within(12, 20);
    store.isAway = false;
    await clock.advance(6);
    await mirror.ready;
    expect(mirror.get(numbers('a'))).to.equal('#1');
  });

  it('does not go back to a copy that lags', async () => {
    const lagging = new MemoryStore();
    await lagging.transact([], [put(numbers('a'), 1)]);
    await write('a', 1);
    await write('a', 2);
    mirror.start();
    await mirror.ready;
    await clock.settle();
    store.nearest = lagging;
    store.cut('store.compacted');
    await clock.advance(1);
    expect(mirror.isInStep).to.equal(true);
    expect(mirror.get(numbers('a'))).to.equal('#2');
  });

  it('follows a store that was put back', async () => {
    for (const value of [1, 2, 3]) await write('a', value);
    await write('b', 1);
    mirror.start();
    await mirror.ready;
    await clock.settle();
    told.length = 0;
    store.become(new MemoryStore());
    await write('a', 9);
    store.cut('store.compacted');
    await clock.advance(1);
    expect([...mirror.values()]).to.deep.equal(['#9']);
    expect(mirror.revision).to.equal(1);
    expect(
      told
        .join(' ')
        .split(/ (?=\w)/)
        .sort(),
    ).to.deep.equal(['a: #3→#9', 'b: #1→-']);
  });

  it('goes on when a listener fails', async () => {
    mirror.onChange(() => {
      throw new Error('a defect');
    });
    mirror.onChange((changes) => told.push(`second ${changes.map(described).join(' ')}`));
    mirror.start();
    await mirror.ready;
    await write('a', 1);
    await write('a', 2);
    await clock.settle();
    expect(told.filter((line) => line.startsWith('second'))).to.have.length(2);
  });

  it('tells no more after stop, and to whom it was told to stop', async () => {
    mirror.start();
    await mirror.ready;
    const heard: string[] = [];
    const stop = mirror.onChange(() => heard.push('again'));
    stop();
    await write('a', 1);
    await clock.settle();
    await mirror.stop();
    await write('a', 2);
    await clock.settle();
    expect(told).to.deep.equal(['a: -→#1']);
    expect(heard).to.deep.equal([]);
  });

  it('gives up waiting for a revision when told to', async () => {
    mirror.start();
    await mirror.ready;
    const giveUp = new AbortController();
    const waiting = mirror.reach(7, giveUp.signal).then(
      () => 'reached',
      (error: unknown) => error,
    );
    const reason = new Error('too long');
    giveUp.abort(reason);
    expect(await waiting).to.equal(reason);
  });
});

function described({ path, before = '-', after = '-' }: MirrorChange<string>): string {
  return `${path.slice(numbers().path.length)}: ${before}→${after}`;
}

/** A store that can be away, lag and end its watches. */
class FlakyStore {
  isAway = false;
  asked = 0;
  /** Answers local reads, where it is not the store itself. */
  nearest: MemoryStore | undefined;
  betweenPages: (() => Promise<void>) | undefined;
  #store = new MemoryStore();
  #cut = Promise.withResolvers<never>();

  become(store: MemoryStore): void {
    this.#store = store;
  }

  async write(...operations: Parameters<MemoryStore['transact']>[1][number][]): Promise<number> {
    const outcome = await this.#store.transact([], operations);
    if (!outcome.committed) throw new Error('not committed');
    return outcome.revision;
  }

  /** Ends the watch under way. */
  cut(code: string): void {
    this.#cut.reject(new FarshoreError('cut', { code, kind: 'transient', operation: 'watch' }));
    this.#cut = Promise.withResolvers();
  }

  async page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> {
    this.asked++;
    if (this.isAway)
      throw new FarshoreError('away', {
        code: 'store.unavailable',
        kind: 'transient',
        operation: 'read state',
      });
    if (options.after !== undefined) await this.betweenPages?.();
    const home = options.consistency === 'local' ? (this.nearest ?? this.#store) : this.#store;
    return home.page(prefix, options);
  }

  async *watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>> {
    const cut = this.#cut.promise;
    const iterator = this.#store.watch(prefix, fromRevision, signal)[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([iterator.next(), cut]);
      if (next.done === true) return;
      yield next.value;
    }
  }
}
