import { expect } from 'chai';
import type { Log } from '../../../kernel/log.ts';
import { silentLog } from '../../../kernel/log.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import type { Mover, Movers, Scrubbed } from '../../../replicator/mover.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import { seal, writeManifest } from '../../../replicator/point/seal.ts';
import { PointTallies } from '../../../controller/mirror/point-tallies.ts';
import { silentObserver } from '../../../controller/observer.ts';
import { SessionWork } from '../../../controller/replication/session-work.ts';
import { Scrubs } from '../../../controller/replication/scrubs.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import type { ScrubRecord } from '../../../controller/state/records.ts';
import { put } from '../../../controller/store/store.ts';
import { sampleHead, sampleManifest } from '../../replicator/point/sample.ts';
import { dataNames } from '../../support/memory/copies.ts';
import { MemoryWorld } from '../../support/memory/movers.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { testIdentity } from '../../support/identity.ts';
import { memberOf } from '../support/cluster.ts';
import { addGroup, countingRandom, executionOf, gold, sessionOf } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

const { signal } = new AbortController();
const periodSeconds = 7_200;
/** Of each thing that is read. */
const secondsEach = 60;

/** One controller that reads again what group `shop` has in west: three stored things, a minute each. */
class Rig {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly west: MemoryRegion;
  readonly world: MemoryWorld;
  readonly member: ReturnType<typeof memberOf>;
  readonly scrubs: Scrubs;
  readonly said: string[] = [];
  /** What was read to its end. */
  readonly read: string[] = [];

  constructor(before?: Rig) {
    this.clock = before?.clock ?? new ManualClock();
    this.store = before?.store ?? new MemoryStore();
    this.west = before?.west ?? new MemoryRegion('west');
    this.world = before?.world ?? new MemoryWorld(this.clock);
    const say = (level: string) => (message: string) => this.said.push(`${level} ${message}`);
    const log: Log = { ...silentLog, info: say('info'), warn: say('warn'), error: say('error') };
    const ambient = { clock: this.clock, random: countingRandom(), log };
    this.member = memberOf(this.store, ambient, 'west');
    const { cluster, mirrors } = this.member;
    const sites = memorySites([new MemoryRegion('east'), this.west], '/none');
    this.scrubs = new Scrubs({
      store: this.store,
      ledger: new StoreLedger(this.store, cluster.claims),
      sites: { ...sites, bank: async () => this.bank(await this.west.home()) },
      movers: this.#slowMovers(),
      ambient,
      cluster,
      claims: cluster.claims,
      memory: { ...mirrors, tallies: new PointTallies(mirrors.points) },
    });
  }

  bank({ objectStore: store }: Pick<ProjectScope, 'objectStore'> = this.west.demo) {
    const ambient = { clock: new SkippingClock(), random: countingRandom(), log: silentLog };
    const identity = testIdentity();
    return createBank({ store, container: 'farshore', identity, spoolDir: '/none', ambient });
  }

  #slowMovers(): Movers {
    const slow = (mover: Mover): Mover => ({
      ...mover,
      scrub: (copies, after, at) => this.#slowly(mover.scrub(copies, after, at), at.signal),
    });
    return Object.fromEntries(
      Object.entries(this.world.movers).map(([kind, m]) => [kind, slow(m)]),
    );
  }

  async *#slowly(steps: AsyncIterable<Scrubbed>, inner: AbortSignal): AsyncGenerator<Scrubbed> {
    for await (const step of steps) {
      await this.clock.sleep(secondsEach * 1000, inner);
      this.read.push(step.upTo);
      yield step;
    }
  }

  async addPoint(): Promise<void> {
    const manifest = sampleManifest();
    for (const name of manifest.copies.flatMap(dataNames)) this.world.secondary.set(name, 'whole');
    const bank = this.bank();
    await bank.requireOwned(signal);
    const sealed = await seal(manifest, bank);
    await writeManifest(manifest, sealed, bank, signal);
    const head = sampleHead({ manifest: sealed.manifest });
    await this.store.transact([], [put(keys.point('shop', head.id), head)]);
  }

  async start(hours = 1.7): Promise<void> {
    await this.member.start();
    await this.clock.settle();
    this.scrubs.start();
    await this.clock.advance(hours * 3_600);
  }

  async stop(): Promise<void> {
    const stopping = Promise.all([this.scrubs.stop(), this.clock.advance(1)]);
    await stopping;
    await this.member.stop();
  }

  async record(): Promise<ScrubRecord | null> {
    return (await this.store.get(keys.scrub('shop', 'west')))?.value ?? null;
  }

  async claim(): Promise<unknown> {
    return await this.store.get(keys.claim('session', 'shop'));
  }
}

describe('Scrubs', () => {
  const rigs: Rig[] = [];

  async function rigOf(period: number | null = periodSeconds): Promise<Rig> {
    const rig = new Rig();
    rigs.push(rig);
    await addGroup(rig.store, 'shop');
    const verification = { ...gold.verification, periodSeconds: period };
    await rig.store.transact([], [put(keys.policy('gold'), { ...gold, verification })]);
    await rig.addPoint();
    return rig;
  }
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())));

  /** The first round has begun, and read one thing of three. */
  async function amidst(): Promise<Rig> {
    const rig = await rigOf();
    await rig.start(1.5);
    while (rig.read.length === 0) await rig.clock.advance(10);
    return rig;
  }

  it('reads everything once a round, and a round a period', async () => {
    const rig = await rigOf();
    await rig.start(1.4);
    expect(rig.read).to.deep.equal([]);
    await rig.clock.advance(900);
    const all = sampleManifest().copies.flatMap(dataNames);
    expect(rig.read).to.have.members(all).and.have.length(3);
    const first = await rig.record();
    expect(first?.round).to.equal(undefined);
    expect(first?.last?.seconds).to.be.within(180, 200);
    expect(await rig.claim()).to.equal(null);
    await rig.clock.advance(1.2 * 3_600);
    expect(rig.read).to.have.length(3);
    await rig.clock.advance(0.4 * 3_600);
    expect(rig.read).to.have.length(6);
    expect((await rig.record())?.last?.startedAt).to.not.equal(first?.last?.startedAt);
    expect(rig.said.filter((line) => !line.startsWith('info'))).to.deep.equal([]);
  });

  it('reads nothing by a policy that says off, and stops when it comes to say so', async () => {
    const rig = await rigOf(null);
    await rig.start(4);
    expect(rig.read).to.deep.equal([]);
    const other = await amidst();
    const verification = { ...gold.verification, periodSeconds: null };
    await other.store.transact([], [put(keys.policy('gold'), { ...gold, verification })]);
    await other.clock.advance(3_600);
    expect(other.read).to.have.length(1);
    expect(await other.claim()).to.equal(null);
  });

  it('records what it finds, and the point is no more proven', async () => {
    const rig = await rigOf();
    const [image] = dataNames(sampleManifest().copies[1]!);
    rig.world.secondary.set(image!, 'altered');
    await rig.start();
    const point = (await rig.store.range(keys.point('shop')))[0]!.value;
    expect(point.state).to.equal('partial');
    expect(point.checked.findings).to.have.length(1);
    expect(rig.said).to.include('warn scrub found damage');
  });

  it('killed in the middle, another goes on from there', async () => {
    const rig = await amidst();
    await rig.clock.advance(secondsEach);
    await rig.stop();
    rigs.splice(0);
    const round = (await rig.record())?.round;
    expect(round?.after).to.not.equal(null);
    const next = new Rig(rig);
    rigs.push(next);
    await next.start(0.1);
    expect([...rig.read, ...next.read]).to.have.length(3);
    expect(new Set([...rig.read, ...next.read]).size).to.equal(3);
    expect((await next.record())?.last?.startedAt).to.equal(round?.startedAt);
  });

  it('makes way at once for a session here, and goes on when that has ended', async () => {
    const rig = await amidst();
    expect(await rig.claim()).to.not.equal(null);
    await rig.scrubs.makeWay('shop');
    expect(await rig.claim()).to.equal(null);
    const running = sessionOf('shop', 's1');
    const { claims } = rig.member.cluster;
    const claim = (await claims.take('session', 'shop'))!;
    const ledger = new StoreLedger(rig.store, claims);
    await ledger.saveSession(running);
    await rig.clock.advance(600);
    expect(rig.read).to.have.length(1);
    await ledger.saveSession({ ...running, phase: 'done', endedAt: '2026-12-14T00:00:00.000Z' });
    await claim.release();
    await rig.clock.advance(600);
    expect(rig.read).to.have.length(3);
  });

  it('loses its claim to a session that begins here, which waits for nothing', async () => {
    const rig = await amidst();
    const { cluster, standings } = rig.member;
    const ledger = new StoreLedger(rig.store, cluster.claims);
    const done = { phase: 'done', endedAt: '2026-11-21T10:00:00.000Z' } as const;
    const work = new SessionWork('shop', false, {
      ledger,
      claims: cluster.claims,
      standings,
      ambient: { clock: rig.clock, random: countingRandom(), log: silentLog },
      observer: silentObserver,
      makeWay: (group) => rig.scrubs.makeWay(group),
      begin: async (group) => {
        await ledger.saveSession(sessionOf(group, 's1'));
        return sessionOf(group, 's1');
      },
      run: async (session) => {
        await ledger.saveSession({ ...session, ...done });
        return { ...session, ...done };
      },
    });
    const startMs = rig.clock.monotonicMs();
    const ending = work.toEnd();
    await rig.clock.settle();
    expect((await ledger.session('shop'))?.phase).to.equal('done');
    expect(rig.clock.monotonicMs()).to.equal(startMs);
    await rig.clock.advance(600);
    expect(await ending).to.equal(0);
    expect(rig.read).to.have.length(3);
  });

  it('makes way for an execution of the group, drills too', async () => {
    const rig = await amidst();
    const { id, group, mode } = executionOf('shop', 'x1', { mode: 'drill' });
    const active = { executions: [{ id, group, mode, regions: ['west'] }] };
    await rig.store.transact([], [put(keys.active('shop'), active)]);
    await rig.clock.settle();
    expect(await rig.claim()).to.equal(null);
    await rig.clock.advance(600);
    expect(rig.read).to.have.length(1);
    await rig.store.transact([], [{ type: 'delete', path: keys.active('shop').path }]);
    await rig.clock.advance(600);
    expect(rig.read).to.have.length(3);
  });

  it('makes way for who wants the group to himself', async () => {
    const rig = await amidst();
    const { claims } = rig.member.cluster;
    const insisting = claims.insist('shop', signal);
    await rig.clock.advance(2);
    const claim = await insisting;
    expect(rig.read).to.have.length(1);
    await claim.release();
  });

  it('ends where its claim is taken away, and writes no progress then', async () => {
    const rig = await amidst();
    const before = await rig.record();
    const { path } = keys.claim('session', 'shop');
    const gone = { generation: 2, primary: 'west', secondary: 'east' };
    const failedOver = { executionId: 'x1', from: 'east', at: '2026-12-14T00:00:00.000Z' };
    await rig.store.transact(
      [],
      [{ type: 'delete', path }, put(keys.head('shop'), { ...gone, failedOver })],
    );
    await rig.clock.settle();
    expect(rig.read).to.have.length(1);
    expect(await rig.record()).to.deep.equal(before);
    // The points still lie in west, and it answers.
    await rig.clock.advance(600);
    expect(rig.read).to.have.length(3);
  });

  it('waits for a region that does not answer, says so once, and takes nothing for damage', async () => {
    const rig = await rigOf();
    rig.west.isDown = true;
    await rig.start(2.2);
    expect(rig.said.filter((line) => line.startsWith('warn'))).to.deep.equal([
      'warn copies cannot be read again now',
    ]);
    expect((await rig.store.range(keys.point('shop')))[0]!.value.state).to.equal('proven');
    expect(await rig.claim()).to.equal(null);
    rig.west.isDown = false;
    await rig.clock.advance(3_600);
    expect(rig.read).to.have.length(3);
  });

  it('leaves it to the controller whose turn it is', async () => {
    const rig = await rigOf();
    Object.assign(rig.member.cluster, { isTurn: () => false });
    await rig.start();
    expect(rig.read).to.deep.equal([]);
  });
});
