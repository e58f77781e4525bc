import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import { EtcdStore } from '../../../controller/store/etcd/etcd-store.ts';
import { checkHistory } from '../../support/history/linearizability.ts';
import { ambient } from '../environment.ts';
import { seeded } from './chance.ts';
import { type Fault, faults, Members } from './members.ts';
import { SiteNetwork } from './site-network.ts';
import { Client, misordered, register, registers, storeHistory } from './workload.ts';

const sites = ['east', 'west', 'witness'];
const keys = ['a', 'b', 'c', 'd', 'e'];
const durationMs = 60_000;
/** More than the store tries for, so that calls end without an answer. */
const withoutQuorumMs = 14_000;

describe('histories on three real members', function () {
  this.timeout(180_000);
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  const chance = seeded(seed);
  let directory: string;
  let network: SiteNetwork;
  let members: Members;
  let prefixes = 0;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'farshore-histories-'));
    network = await SiteNetwork.open(sites);
    members = await Members.start(network, sites, directory);
  });
  after(async () => {
    if ((members as Members | undefined) !== undefined) await members.close();
    if ((network as SiteNetwork | undefined) !== undefined) await network.close();
    await rm(directory, { recursive: true, force: true });
  });

  function open(prefix: string, nearest: string): EtcdStore {
    const { endpoints } = members;
    return EtcdStore.open({ endpoints, nearest: members.endpoint(nearest), prefix, ambient });
  }

  afterEach(async () => {
    for (const site of sites) await members.recover(site);
  });

  const nextPrefix = () => `farshore-${(prefixes += 1)}/`;

  /** Members are hit one after the other, once two at the same time for longer than anyone tries. */
  async function tormentMembers(
    until: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<Fault, number>>> {
    const counts = { kill: 0, stop: 0, cut: 0, isolate: 0 };
    const hit = async (site: string, fault: Fault) => {
      counts[fault] += 1;
      await members.inflict(site, fault);
    };
    for (let round = 0; Date.now() < until && !signal.aborted; round += 1) {
      await sleep(1_000 + chance() * 2_000);
      // Every other time it is the leader that is hit.
      const one = round % 2 === 0 ? await members.leader() : pick(sites);
      const kind = faults[(round + Math.floor(seed)) % faults.length]!;
      await hit(one, kind);
      if (round === 2) {
        const two = pick(sites.filter((site) => site !== one));
        await hit(two, pick(faults));
        await sleep(withoutQuorumMs);
        await members.recover(two);
      } else await sleep(1_500 + chance() * 3_000);
      await members.recover(one);
    }
    return counts;
  }

  function pick<T>(from: readonly T[]): T {
    return from[Math.floor(chance() * from.length)]!;
  }

  it('are linearizable, and each transaction takes effect once, while members fail', async () => {
    console.log(`      SEED=${seed}`);
    const prefix = nextPrefix();
    const stores = [...sites, ...sites].map((site) => open(prefix, site));
    const history = storeHistory();
    const clients = stores.map((store, at) => new Client(`c${at}`, store, history));
    const watcher = open(prefix, 'west');
    const watched: { value: string; revision: number }[] = [];
    const watching = new AbortController();
    const watch = (async () => {
      for await (const { revision, changes } of watcher.watch(registers, 1, watching.signal))
        for (const change of changes)
          if (change.type === 'put') watched.push({ value: change.entry.value, revision });
    })();

    const stop = new AbortController();
    const working = clients.map((client) =>
      // A fault of the test ends it before its time.
      client.work(keys, chance, 15, stop.signal).finally(() => stop.abort()),
    );
    const tormenting = tormentMembers(Date.now() + durationMs, stop.signal);
    const [counts] = await Promise.all([tormenting.finally(() => stop.abort()), ...working]);
    for (const client of clients) for (const key of keys) await client.read(key);

    const { operations } = history;
    const outcomes = Object.groupBy(operations, ({ outcome }) => outcome.type);
    const committed = clients.flatMap((client) => client.committed);
    const longestMs = Math.max(...clients.map((client) => client.longestMs));
    const faultsTold = Object.entries(counts).map(([fault, count]) => `${count} ${fault}`);
    console.log(
      `      ${operations.length} operations, ${committed.length} of them committed, ` +
        `${outcomes.refused?.length ?? 0} refused, ${outcomes.unknown?.length ?? 0} unknown; ` +
        `faults: ${faultsTold.join(', ')}; longest call ${(longestMs / 1000).toFixed(1)} s`,
    );
    const began = Date.now();
    expect(checkHistory(operations)).to.deep.equal({ type: 'linearizable' });
    expect(misordered(committed)).to.deep.equal([]);
    console.log(`      checked in ${((Date.now() - began) / 1000).toFixed(1)} s`);

    await until(() => watched.length > 0 && seenAll(watched, committed));
    watching.abort();
    await watch;
    checkWatch(watched, committed, history);
    await Promise.all([...stores, watcher].map((store) => store.close()));
  });

  it('that take local reads for linearizable ones are found out', async () => {
    const prefix = nextPrefix();
    const lonely = (await members.leader()) === 'east' ? 'west' : 'east';
    const [writerStore, readerStore] = [open(prefix, 'witness'), open(prefix, lonely)];
    const history = storeHistory();
    const writer = new Client('writer', writerStore, history);
    const reader = new Client('reader', readerStore, history);
    await writer.write('a');
    await reader.read('a');
    await members.inflict(lonely, 'isolate');
    await writer.write('a');
    await reader.read('a');
    expect(checkHistory(history.operations)).to.deep.equal({ type: 'linearizable' });
    await reader.read('a', 'local');
    expect(checkHistory(history.operations)).to.deep.include({ type: 'contradiction', key: 'a' });
    await members.recover(lonely);
    await until(
      async () =>
        (await readerStore.get(register('a'), { consistency: 'local' }))?.value === 'writer-2',
    );
    await Promise.all([writerStore.close(), readerStore.close()]);
  });
});

type Watched = readonly { readonly value: string; readonly revision: number }[];

function seenAll(watched: Watched, committed: Client['committed']): boolean {
  const last = Math.max(...committed.map(({ revision }) => revision));
  return watched.at(-1)!.revision >= last;
}

/** The watch tells all that was acknowledged, at its revision, nothing twice and nothing refused. */
function checkWatch(
  watched: Watched,
  committed: Client['committed'],
  history: ReturnType<typeof storeHistory>,
): void {
  const revisions = watched.map(({ revision }) => revision);
  expect(revisions).to.deep.equal(revisions.toSorted((left, right) => left - right));
  const byValue = Map.groupBy(watched, ({ value }) => value);
  expect([...byValue.values()].filter((puts) => puts.length > 1)).to.deep.equal([]);
  for (const { value, revision } of committed)
    expect(byValue.get(value)?.[0]?.revision, value).to.equal(revision);
  for (const { action, outcome } of history.operations)
    if (outcome.type === 'refused' && action.type !== 'read')
      expect(byValue.has(action.value), `${action.value} was refused`).to.equal(false);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('waited in vain');
}
