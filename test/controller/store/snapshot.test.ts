import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stateFormat } from '../../../controller/store/format.ts';
import { LevelStore } from '../../../controller/store/level-store.ts';
import { readSnapshot } from '../../../controller/store/snapshot-file.ts';
import {
  checkImported,
  exportState,
  importMark,
  importState,
} from '../../../controller/store/snapshot.ts';
import { put, type Store } from '../../../controller/store/store.ts';
import { EtcdStore } from '../../../controller/store/etcd/etcd-store.ts';
import { EtcdCluster, hasEtcd } from '../../support/etcd.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { key, putThing } from './things.ts';

const { signal } = new AbortController();
const keyCount = 1234;

describe('snapshot of the state', () => {
  const filled = async (store: Store = new MemoryStore()): Promise<Store> => {
    const text = 'ü'.repeat(1000);
    for (let n = 0; n < keyCount; n += 100) {
      const puts = Array.from({ length: Math.min(100, keyCount - n) }, (_, m) =>
        put({ path: `many/${n + m}` }, { n: n + m, text }),
      );
      await store.transact([], puts);
    }
    const lease = await store.lease(60_000);
    await store.transact([], [put(key('live/1'), { n: 1 }, lease), put({ path: 'null' }, null)]);
    return store;
  };
  const linesOf = async (store: Store): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of exportState(store, systemAmbient.clock, signal)) lines.push(line);
    return lines;
  };
  const content = async (store: Store) =>
    (await store.range({ path: '' }))
      .filter(({ lease }) => lease === undefined)
      .map(({ path, value }) => ({ path, value }));
  const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((e: unknown) => e);
  const load = (lines: readonly string[], store: Store, replace = false) =>
    importState(from(lines), store, { signal, replace });

  it('holds all that lasts, and nothing that lives as long as a lease', async () => {
    const store = await filled();
    const lines = await linesOf(store);
    const { entries, revision } = await readSnapshot(from(lines));
    expect(entries).to.deep.equal(await content(store));
    expect(entries).to.have.length(keyCount + 1);
    expect(revision).to.equal((await store.page({ path: '' }, { limit: 1 })).revision);
  });

  it('shows one instant, whatever is written meanwhile', async () => {
    const store = await filled();
    const before = await content(store);
    const lines = exportState(store, systemAmbient.clock, signal)[Symbol.asyncIterator]();
    const read = [(await lines.next()).value as string];
    await putThing(store, 'many/9', 9);
    await putThing(store, 'many/new', 9);
    for (let next; !(next = await lines.next()).done;) read.push(next.value);
    expect((await readSnapshot(from(read))).entries).to.deep.equal(before);
  });

  it('taken of one home is the same in any other', async function () {
    if (!hasEtcd) this.skip();
    const directory = await mkdtemp(join(tmpdir(), 'farshore-snapshot-'));
    const etcd = await EtcdCluster.start();
    const level = await LevelStore.open(join(directory, 'one'));
    const cluster = EtcdStore.open({
      endpoints: etcd.endpoints,
      prefix: 'p/',
      ambient: systemAmbient,
    });
    const back = await LevelStore.open(join(directory, 'two'));
    await filled(level);
    await load(await linesOf(level), cluster);
    expect(await content(cluster)).to.deep.equal(await content(level));
    await load(await linesOf(cluster), back);
    expect(await content(back)).to.deep.equal(await content(level));
    await Promise.all([level.close(), cluster.close(), back.close()]);
    await etcd.stop();
    await rm(directory, { recursive: true });
  });

  it('is refused, before anything is written, when anything about it is not as it was', async () => {
    const lines = await linesOf(await filled());
    const [first = '', second = '', third = ''] = lines;
    const rest = lines.slice(3);
    const broken: Record<string, readonly string[]> = {
      empty: [],
      'cut short': lines.slice(0, -1),
      'a line less': [first, third, ...rest],
      'a line twice': [first, second, second, third, ...rest],
      'lines changed about': [first, third, second, ...rest],
      'a value changed': [first, second.replace('"n":0', '"n":7'), third, ...rest],
      'more after its end': [...lines, third],
      'another format': [
        first.replace(/state\/\d+/, `state/${stateFormat + 1}`),
        second,
        third,
        ...rest,
      ],
      'not JSON': [first, second.slice(1), third, ...rest],
      'no snapshot': ['hello', 'world'],
    };
    for (const [fault, damaged] of Object.entries(broken)) {
      const store = new MemoryStore();
      const refused = await failure(load(damaged, store));
      expect(refused, fault).to.include({ code: 'snapshot.altered', kind: 'permanent' });
      expect((await store.page({ path: '' }, { limit: 1 })).revision, fault).to.equal(0);
    }
  });

  it('goes into a store that holds something only when told, and then replaces all of it', async () => {
    const lines = await linesOf(await filled());
    const store = new MemoryStore();
    await putThing(store, 'other/1', 1);
    expect(await failure(load(lines, store))).to.include({
      code: 'snapshot.not-empty',
      subject: 'other/1',
    });
    expect(await store.get(key('other/1'))).not.to.equal(null);
    await load(lines, store, true);
    expect(await content(store)).to.deep.equal((await readSnapshot(from(lines))).entries);
  });

  it('broken off in the middle is visible, is not exported, and goes in when tried again', async () => {
    const source = await filled();
    const lines = await linesOf(source);
    for (const failing of [2, 3, 7, 14]) {
      const store = new MemoryStore();
      let writes = 0;
      store.beforeWrite = () => {
        if (++writes === failing) throw new Error('killed');
      };
      expect(await failure(load(lines, store))).to.have.property('message', 'killed');
      store.beforeWrite = undefined;
      for (const work of [checkImported(store), linesOf(store)])
        expect(await failure(work)).to.have.property('code', 'snapshot.incomplete');
      await load(lines, store);
      await checkImported(store);
      expect(await content(store)).to.deep.equal(await content(source));
    }
  });

  it('of two imports at once one goes in whole, and the other says so', async () => {
    const lines = await linesOf(await filled());
    const store = new MemoryStore();
    const done = await Promise.all([failure(load(lines, store)), failure(load(lines, store))]);
    const codes = done.map((one) => (one instanceof Error && 'code' in one ? one.code : 'done'));
    expect(codes.sort()).to.deep.equal(['done', 'snapshot.contended']);
    expect(await store.get(importMark)).to.equal(null);
  });
});

async function* from(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield Promise.resolve(line);
}
