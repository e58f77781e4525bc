import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { EtcdStore, type EtcdOptions } from '../../../controller/store/etcd/etcd-store.ts';
import { put, unchanged, type Key } from '../../../controller/store/store.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { EtcdCluster, hasEtcd, type EtcdMember } from '../../support/etcd.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { TcpLink } from '../../support/tcp-link.ts';

const counter: Key<number> = { path: 'count' };
const { clock } = systemAmbient;
const leaseHolder = fileURLToPath(new URL('lease-holder.ts', import.meta.url));

describe('the store over three members of etcd', function () {
  let etcd: EtcdCluster;
  const opened: EtcdStore[] = [];
  const open = (options: Partial<EtcdOptions> = {}): EtcdStore => {
    const { endpoints } = etcd;
    const store = EtcdStore.open({ endpoints, prefix: 'p/', ambient: systemAmbient, ...options });
    opened.push(store);
    return store;
  };
  beforeEach(async function () {
    if (!hasEtcd) this.skip();
    etcd = await EtcdCluster.start(3);
  });
  afterEach(async () => {
    for (const member of etcd.members) member.resume();
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await etcd.stop();
  });

  /** Writers count up, each a key of its own so that none waits for another, while `fault` happens. */
  const load = async (stores: readonly EtcdStore[], fault: () => Promise<void>) => {
    const result = { acknowledged: 0, longestMs: 0, errors: [] as unknown[] };
    let isOver = false;
    const writers = [...stores, ...stores].map(async (store, n) => {
      const mine: Key<number> = { path: `counts/${n}` };
      while (!isOver) {
        const startedAt = clock.monotonicMs();
        try {
          const read = await store.get(mine);
          const operations = [put(mine, (read?.value ?? 0) + 1)];
          const outcome = await store.transact([unchanged(mine, read)], operations);
          expect(outcome.committed).to.equal(true);
          result.acknowledged++;
        } catch (error) {
          result.errors.push(error);
        }
        result.longestMs = Math.max(result.longestMs, clock.monotonicMs() - startedAt);
      }
    });
    await delay(1000);
    await fault();
    await delay(3000);
    isOver = true;
    await Promise.all(writers);
    return result;
  };

  const counted = async (store: EtcdStore): Promise<number> =>
    (await store.range<number>({ path: 'counts/' })).reduce((sum, { value }) => sum + value, 0);

  const faults: Record<string, (member: EtcdMember) => Promise<void>> = {
    killed: (member) => member.stop('SIGKILL'),
    stopped: (member) => {
      member.pause();
      return Promise.resolve();
    },
    'told to end, and started again': async (member) => {
      await member.stop('SIGTERM');
      await delay(500);
      member.start();
    },
  };
  for (const [fault, strike] of Object.entries(faults))
    for (const role of ['leader', 'follower'])
      it(`loses and doubles no write, and raises no error, when the ${role} is ${fault}`, async () => {
        const leader = await etcd.leader();
        const struck =
          role === 'leader' ? leader : etcd.members.find((member) => member !== leader);
        if (struck === undefined) throw new Error('no such member');
        // One store is next to the member that is struck, the other next to another.
        const others = etcd.endpoints.filter((endpoint) => endpoint !== struck.endpoint);
        const stores = [
          open({ nearest: struck.endpoint }),
          open({ nearest: others[0] ?? '' }),
        ] as const;
        const { acknowledged, longestMs, errors } = await load(stores, () => strike(struck));
        console.log(`      ${acknowledged} writes, the longest took ${Math.round(longestMs)} ms`);
        expect(errors).to.deep.equal([]);
        expect(await counted(stores[1])).to.equal(acknowledged);
        expect(longestMs).to.be.lessThan(3000);
      });

  it('loses and doubles no write when the way to the nearest member is cut and healed', async () => {
    const [member] = etcd.members;
    const link = await TcpLink.open(member?.clientPort ?? 0);
    const endpoints = [link.address, ...etcd.endpoints.slice(1)];
    const store = open({ endpoints, nearest: link.address });
    for (const direction of ['answers', 'requests', 'both'] as const) {
      const before = await counted(store);
      const { acknowledged, longestMs, errors } = await load([store], () => {
        link.cut(direction);
        return Promise.resolve();
      });
      await link.heal();
      console.log(`      ${direction}: the longest write took ${Math.round(longestMs)} ms`);
      expect(errors).to.deep.equal([]);
      expect(await counted(store)).to.equal(before + acknowledged);
      expect(longestMs).to.be.lessThan(2000);
      // Until it is used again.
      await delay(2500);
    }
    await store.close();
    await link.close();
  });

  it('tells watchers everything while members end, hang and start again', async () => {
    const [writer, watcher] = [open(), open()];
    const stop = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { changes } of watcher.watch(counter, 1, stop.signal))
        for (const change of changes) if (change.type === 'put') seen.push(change.entry.value);
    })();
    let n = 0;
    for (const member of etcd.members) {
      for (const fault of ['killed', 'stopped']) {
        await faults[fault]?.(member);
        const until = clock.monotonicMs() + 2500;
        while (clock.monotonicMs() < until) await writer.transact([], [put(counter, ++n)]);
        member.resume();
        await member.stop('SIGKILL');
        member.start();
        await member.ready();
      }
    }
    const until = clock.monotonicMs() + 10_000;
    while (seen.length < n && clock.monotonicMs() < until) await delay(50);
    stop.abort();
    await watching;
    console.log(`      ${n} changes`);
    expect(seen).to.deep.equal(Array.from({ length: n }, (_, i) => i + 1));
  });

  it('a process that was stopped for longer than its lease lives knows it before anything else', async function () {
    const child = spawn(process.execPath, [leaseHolder, ...etcd.endpoints], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string) as { held: boolean };
    expect((await next()).held).to.equal(true);
    const store = open();
    expect(await store.range({ path: 'held/' })).to.have.length(1);
    // Renewed all the time, it outlives its time to live.
    await delay(5000);
    expect(await store.range({ path: 'held/' })).to.have.length(1);
    child.kill('SIGSTOP');
    const stoppedAt = clock.monotonicMs();
    while ((await store.range({ path: 'held/' })).length > 0) await delay(50);
    const goneMs = clock.monotonicMs() - stoppedAt;
    console.log(`      its key was gone after ${Math.round(goneMs)} ms`);
    expect(goneMs).to.be.within(1500, 6000);
    child.stdin.write('\n');
    child.kill('SIGCONT');
    expect(await next()).to.deep.include({ held: false, refused: 'store.lease-lost' });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('is told of a lost lease before etcd can have ended it, when it is cut off', async () => {
    const links = await Promise.all(etcd.members.map((one) => TcpLink.open(one.clientPort)));
    const store = open({ endpoints: links.map(({ address }) => address) });
    const witness = open();
    const lease = await store.lease(4000);
    await store.transact([], [put({ path: 'held' }, 1, lease)]);
    for (const link of links) link.cut();
    if (!lease.lost.aborted) await once(lease.lost, 'abort');
    expect(lease.isHeld()).to.equal(false);
    expect(await witness.get({ path: 'held' })).not.to.equal(null);
    const deleted = clock.monotonicMs();
    while ((await witness.get({ path: 'held' })) !== null) await delay(20);
    console.log(`      ${Math.round(clock.monotonicMs() - deleted)} ms before etcd ended it`);
    for (const link of links) await link.heal();
    expect(lease.isHeld()).to.equal(false);
    await store.close();
    await Promise.all(links.map((link) => link.close()));
  });

  it('without a majority answers local reads, and says of a write that it did not happen', async () => {
    const [first, ...others] = etcd.members;
    const store = open({ nearest: first?.endpoint ?? '' });
    await store.transact([], [put(counter, 1)]);
    for (const member of others) member.pause();
    while (store.health().hasQuorum) await delay(50);
    const local = await store.get(counter, { consistency: 'local' });
    expect(local?.value).to.equal(1);
    expect(await store.range({ path: '' }, { consistency: 'local' })).to.have.length(1);
    const startedAt = clock.monotonicMs();
    const results = await Promise.all(
      [store.get(counter), store.transact([], [put(counter, 2)]), store.lease(5000)].map((work) =>
        (work as Promise<unknown>).catch((error: unknown) => error),
      ),
    );
    for (const result of results)
      expect(result).to.include({ code: 'store.unavailable', kind: 'transient' });
    expect(clock.monotonicMs() - startedAt).to.be.within(9000, 11_500);
    expect(store.health().quorumAgeMs).to.be.greaterThan(9000);
    for (const member of others) member.resume();
    await store.transact([], [put(counter, 3)]);
    expect(store.health().hasQuorum).to.equal(true);
    await delay(3000);
    expect((await store.get(counter))?.value).to.equal(3);
  });

  it('of a write that was under way when the majority was lost says that it does not know', async () => {
    const store = open({ nearest: etcd.endpoints[0] ?? '' });
    await store.transact([], [put(counter, 1)]);
    for (const member of etcd.members.slice(1)) member.pause();
    const failure = await store.transact([], [put(counter, 2)]).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(FarshoreError);
    expect(failure).to.include({ code: 'store.outcome-unknown', kind: 'transient' });
    for (const member of etcd.members) member.resume();
    await store.transact([], [put(counter, 3)]);
    await delay(2000);
    expect((await store.get(counter))?.value).to.equal(3);
  });
});
