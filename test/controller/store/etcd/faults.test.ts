import { expect } from 'chai';
import { Endpoint } from '../../../../controller/store/etcd/endpoint.ts';
import { EtcdStore } from '../../../../controller/store/etcd/etcd-store.ts';
import { methods } from '../../../../controller/store/etcd/methods.ts';
import { put, unchanged } from '../../../../controller/store/store.ts';
import { type Clock, systemClock } from '../../../../kernel/clock.ts';
import { EtcdCluster, hasEtcd } from '../../../support/etcd.ts';
import { systemAmbient } from '../../../support/system-ambient.ts';
import { TcpLink } from '../../../support/tcp-link.ts';
import { key, putThing, take, type Thing } from '../things.ts';

const never = new AbortController().signal;

/** A pause between attempts is over at once, a limit never: what goes on has seen a failure as one. */
const withoutLimits: Clock = {
  ...systemClock,
  sleep: (ms, signal) =>
    ms <= 100
      ? Promise.resolve()
      : new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
  after: () => () => undefined,
};

describe('EtcdStore, when things go wrong', function () {
  let etcd: EtcdCluster | undefined;
  let raw: Endpoint;
  let prefix: string;
  let count = 0;
  const opened: EtcdStore[] = [];
  const links: TcpLink[] = [];
  before(async function () {
    if (!hasEtcd) this.skip();
    etcd = await EtcdCluster.start();
    raw = new Endpoint(etcd.endpoints[0] ?? '', undefined, systemAmbient.clock);
  });
  beforeEach(() => (prefix = `test${count++}/`));
  afterEach(async () => {
    await Promise.all(links.map((link) => link.heal()));
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await Promise.all(links.splice(0).map((link) => link.close()));
  });
  after(async () => {
    raw.close();
    await etcd?.stop();
  });

  const open = (...endpoints: readonly string[]): EtcdStore => openAt(systemClock, ...endpoints);
  const openAt = (clock: Clock, ...endpoints: readonly string[]): EtcdStore => {
    const all = endpoints.length === 0 ? (etcd?.endpoints ?? []) : endpoints;
    const ambient = { ...systemAmbient, clock };
    const store = EtcdStore.open({ endpoints: all, prefix, ambient });
    opened.push(store);
    return store;
  };
  const link = async (): Promise<TcpLink> => {
    const made = await TcpLink.open(etcd?.members[0]?.clientPort ?? 0);
    links.push(made);
    return made;
  };
  const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((e: unknown) => e);

  it('knows what became of a write whose answer was lost', async () => {
    const [first, second] = [await link(), await link()];
    const store = open(first.address, second.address);
    await putThing(store, 'n', 1);
    const before = await store.get(key('n'));
    first.cut('answers');
    const outcome = await store.transact([unchanged(key('n'), before)], [put(key('n'), { n: 2 })]);
    const after = await open().get(key('n'));
    expect(outcome).to.deep.equal({ committed: true, revision: after?.modRevision });
    expect(after?.value).to.deep.equal({ n: 2 });
  });

  it('asks elsewhere at once where it is refused', async () => {
    const [first, second] = [await link(), await link()];
    const store = openAt(withoutLimits, first.address, second.address);
    await putThing(store, 'n', 1);
    await first.refuse();
    await putThing(store, 'n', 2);
    expect((await store.get<Thing>(key('n')))?.value.n).to.equal(2);
  });

  it('goes on watching elsewhere, leaving nothing out', async () => {
    const [first, second] = [await link(), await link()];
    const store = open(first.address, second.address);
    const writer = open();
    const from = await putThing(writer, 'a/0');
    const seen = take(store.watch(key('a/'), from, never), 30);
    for (let n = 1; n < 30; n++) {
      if (n === 10) first.reset();
      if (n === 20) await first.refuse();
      await putThing(writer, `a/${n}`, n);
    }
    const paths = (await seen).map(({ changes: [change] }) =>
      change?.type === 'put' ? change.entry.path : undefined,
    );
    expect(paths).to.deep.equal(Array.from({ length: 30 }, (_, n) => `a/${n}`));
  });

  it('a lease that ended at etcd takes no key of another process, and the store goes on', async () => {
    const [one, other] = [open(), open()];
    const lease = await other.lease(5000);
    await lease.revoke();
    const operations = [put(key('a/1'), { n: 1 }), put(key('a/2'), { n: 2 }, lease)];
    expect(await failure(one.transact([], operations))).to.include({ code: 'store.lease-lost' });
    expect(await one.range(key('a/'))).to.deep.equal([]);
    await putThing(one, 'a/3', 3);
  });

  it('makes new guards where its own were deleted behind its back', async () => {
    const store = open();
    await putThing(store, 'n', 1);
    const guards = { key: Buffer.from(`${prefix}tx/`), rangeEnd: Buffer.from(`${prefix}tx0`) };
    const { kvs } = await raw.call(methods.range, guards, { timeoutMs: 60_000, signal: never });
    await raw.call(
      methods.leaseRevoke,
      { id: kvs[0]?.lease ?? '' },
      { timeoutMs: 60_000, signal: never },
    );
    await putThing(store, 'n', 2);
    expect((await store.get<Thing>(key('n')))?.value.n).to.equal(2);
  });

  it('tells a value that is not JSON, naming its key', async () => {
    const store = open();
    const value = Buffer.from('{"n":');
    const request = {
      compare: [],
      success: [{ put: { key: Buffer.from(`${prefix}k/a/1`), value } }],
      failure: [],
    };
    await raw.call(methods.txn, request, { timeoutMs: 60_000, signal: never });
    expect(await failure(store.get(key('a/1')))).to.include({
      code: 'store.corrupt',
      subject: 'a/1',
    });
  });

  it('says of a transaction that is too large how large it is', async () => {
    const store = open();
    const text = 'x'.repeat(1_700_000);
    const large = await failure(store.transact([], [put({ path: 'a' }, text)]));
    expect(large).to.include({ code: 'store.too-large', kind: 'permanent' });
    expect(large)
      .to.have.property('subject')
      .that.matches(/1 operations.*1700\d\d\d bytes/);
    const larger = await failure(store.transact([], [put({ path: 'a' }, text + text)]));
    expect(larger).to.have.property('code', 'store.too-large');
    const many = Array.from({ length: 200 }, (_, n) => put(key(`a/${n}`), { n }));
    expect(await failure(store.transact([], many))).to.have.property('code', 'store.too-large');
    await putThing(store, 'b');
    expect(await store.range(key('a'))).to.deep.equal([]);
  });

  it('says that a revision is forgotten, to pages and to watchers', async () => {
    const store = open();
    const first = await putThing(store, 'a/1');
    await putThing(store, 'a/2');
    const last = await putThing(store, 'a/2');
    const request = { revision: last, physical: true };
    await raw.call(methods.compact, request, { timeoutMs: 60_000, signal: never });
    const page = store.page(key('a/'), { limit: 1, revision: first });
    expect(await failure(page)).to.have.property('code', 'store.compacted');
    const watch = take(store.watch(key('a/'), first, never));
    expect(await failure(watch)).to.have.property('code', 'store.compacted');
    expect(await take(store.watch(key('a/'), last, never), 1)).to.have.length(1);
  });

  it('knows how old its word of a majority is', async () => {
    let nowMs = 5000;
    const store = openAt({ ...systemClock, monotonicMs: () => nowMs });
    expect(store.health()).to.deep.equal({ hasQuorum: false, quorumAgeMs: 0 });
    await store.get(key('a'));
    nowMs += 3000;
    expect(store.health()).to.deep.equal({ hasQuorum: true, quorumAgeMs: 3000 });
    nowMs += 1;
    expect(store.health()).to.deep.equal({ hasQuorum: false, quorumAgeMs: 3001 });
  });
});
