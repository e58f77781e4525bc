import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { isoTime } from '../../../kernel/clock.ts';
import type { Session, SessionPhase } from '../../../replicator/session/types.ts';
import { ControllerControl } from '../../../controller/control.ts';
import { silentObserver } from '../../../controller/observer.ts';
import { Supervisor } from '../../../controller/replication/supervisor.ts';
import type { Sites } from '../../../controller/sites.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import {
  addGroup,
  addProvenPoint,
  countingRandom,
  sessionOf,
  specOf,
} from '../support/fixtures.ts';
import { memberOf, uncontested } from '../support/cluster.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** Sessions of a fake that take their time and end as told; `log` says what began and ended when. */
class Rig {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  /** Of the controller. */
  readonly ledger: StoreLedger;
  /** Of whoever came before it. */
  readonly earlier: StoreLedger;
  readonly member: ReturnType<typeof memberOf>;
  readonly log: string[] = [];
  readonly failures: unknown[] = [];
  readonly control: ControllerControl;
  readonly supervisor: Supervisor;
  runSeconds = 20;
  /** Of groups whose region gives a byte now and then: they come to no end. */
  readonly trickling = new Set<string>();
  result: Extract<SessionPhase, 'done' | 'failed'> = 'done';
  breaks = false;
  #begun = 0;
  running = 0;
  busiest = 0;

  constructor(
    store = new MemoryStore(),
    atOnce = 2,
    { clock = new ManualClock(), region = 'west' } = {},
  ) {
    this.store = store;
    this.clock = clock;
    const ambient = { clock: this.clock, random: countingRandom(), log: silentLog };
    this.earlier = new StoreLedger(store, uncontested);
    this.member = memberOf(store, ambient, region);
    const { cluster, standings } = this.member;
    const { claims } = cluster;
    this.ledger = new StoreLedger(store, claims);
    this.supervisor = new Supervisor({
      store,
      ledger: this.ledger,
      cluster,
      claims,
      standings,
      ambient,
      observer: {
        ...silentObserver,
        sessionEnded: ({ group, result, seconds }) =>
          this.#say(`${group} ${result} after ${seconds}`),
      },
      sessionsAtOnce: atOnce,
      begin: (group) => this.#begin(group),
      run: (session, _progress, signal) => this.#run(session, signal),
      onFailure: (error) => this.failures.push(error),
    });
    this.control = new ControllerControl({
      store,
      ledger: this.ledger,
      sites: {} as Sites,
      movers: {},
      clock: this.clock,
      log: silentLog,
      claims: uncontested,
    });
  }

  async start(): Promise<void> {
    await this.member.start();
    await this.clock.settle();
    this.supervisor.start();
  }

  async stop(): Promise<void> {
    await this.supervisor.stop();
    await this.member.stop();
  }

  /** What was logged since the last call. */
  news(): readonly string[] {
    return this.log.splice(0);
  }

  async #begin(group: string): Promise<Session> {
    this.#begun += 1;
    const startedAt = isoTime(this.clock.now());
    const session = sessionOf(group, `${startedAt}-${this.#begun}`, { startedAt });
    await this.ledger.saveSession(session);
    return session;
  }

  async #run(session: Session, signal: AbortSignal): Promise<Session> {
    this.#say(`${session.group} ${session.runs === 0 ? 'begins' : 'resumes'}`);
    this.running += 1;
    this.busiest = Math.max(this.busiest, this.running);
    try {
      const taken = { ...session, runs: session.runs + 1, phase: 'shipping' } as const;
      await this.ledger.saveSession(taken);
      if (this.breaks)
        throw new FarshoreError('odd', { code: 'x.odd', kind: 'permanent', operation: 'run' });
      const seconds = this.trickling.has(session.group) ? 1e7 : this.runSeconds;
      await this.clock.sleep(seconds * 1000, signal);
      const ended = { ...taken, phase: this.result, endedAt: isoTime(this.clock.now()) };
      await this.ledger.saveSession(ended);
      return ended;
    } finally {
      this.running -= 1;
    }
  }

  #say(what: string): void {
    this.log.push(`${this.clock.monotonicMs() / 1000} ${what}`);
  }
}

describe('Supervisor', () => {
  const rigs: Rig[] = [];
  const rigOf = (...args: ConstructorParameters<typeof Rig>): Rig => {
    const rig = new Rig(...args);
    rigs.push(rig);
    return rig;
  };
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())));

  it('runs a new group at once and then from start to start', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    await rig.start();
    await rig.clock.advance(700);
    expect(rig.news()).to.deep.equal([
      '0 shop begins',
      '20 shop done after 20',
      '300 shop begins',
      '320 shop done after 20',
      '600 shop begins',
      '620 shop done after 20',
    ]);
  });

  it('sees a group that is applied later, by whomever, without waiting', async () => {
    const rig = rigOf();
    await rig.start();
    await rig.clock.advance(5);
    await addGroup(rig.store, 'shop');
    await rig.clock.advance(1);
    expect(rig.news()).to.deep.equal(['5 shop begins']);
  });

  it('a session that takes longer than the interval is not overlapped, and missed runs are made up once', async () => {
    const rig = rigOf();
    rig.runSeconds = 1000;
    await addGroup(rig.store, 'shop');
    await rig.start();
    await rig.clock.advance(999);
    expect(rig.news()).to.deep.equal(['0 shop begins']);
    rig.runSeconds = 10;
    await rig.clock.advance(330);
    expect(rig.news()).to.deep.equal([
      '1000 shop done after 1000',
      '1000 shop begins',
      '1010 shop done after 10',
      '1300 shop begins',
      '1310 shop done after 10',
    ]);
  });

  it('runs so many groups at once and no more', async () => {
    const rig = rigOf();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await addGroup(rig.store, name);
    await rig.start();
    await rig.clock.advance(61);
    expect(rig.busiest).to.equal(2);
    expect(rig.news().filter((line) => line.includes('done'))).to.have.length(5);
  });

  it('two regions that trickle leave one place to the others every turn', async () => {
    const rig = rigOf();
    for (const name of ['slow-1', 'slow-2', 'shop']) await addGroup(rig.store, name);
    rig.trickling.add('slow-1').add('slow-2');
    await rig.start();
    await rig.clock.advance(36_000);
    const begins = rig.news().filter((line) => line.endsWith('shop begins'));
    // Due every five minutes, a turn of fifteen, and the minute that both are rounded by.
    expect(begins.length).to.be.at.least(36_000 / 960);
  });

  it('takes up unfinished sessions before anything new', async () => {
    const rig = rigOf(new MemoryStore(), 1);
    for (const name of ['a', 'b', 'c']) await addGroup(rig.store, name);
    const unfinished = { phase: 'shipping', runs: 1 } as const;
    await rig.earlier.saveSession(
      sessionOf('c', 's1', { ...unfinished, startedAt: '2026-11-21T07:59:00.000Z' }),
    );
    await rig.earlier.saveSession(
      sessionOf('b', 's1', { ...unfinished, startedAt: '2026-11-21T07:58:00.000Z' }),
    );
    await rig.start();
    await rig.clock.advance(61);
    expect(rig.news().filter((line) => !line.includes('done'))).to.deep.equal([
      '0 b resumes',
      '20 c resumes',
      '40 a begins',
    ]);
  });

  it('a failed session is tried again after 1, 2, 4, 5 minutes or when the schedule says, whichever is first', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    rig.result = 'failed';
    rig.runSeconds = 0;
    await rig.start();
    await rig.clock.advance(1400);
    const starts = rig.news().filter((line) => line.includes('begins'));
    expect(starts.map((line) => Number(line.split(' ')[0]))).to.deep.equal([
      0, 60, 180, 420, 720, 1020, 1320,
    ]);
    rig.result = 'done';
    await rig.clock.advance(300);
    rig.news();
    rig.result = 'failed';
    await rig.clock.advance(300);
    await rig.clock.advance(70);
    const again = rig.news().filter((line) => line.includes('begins'));
    const [first = 0, second = 0] = again.map((line) => Number(line.split(' ')[0]));
    expect(second - first, 'a success forgets the failures').to.equal(60);
  });

  it('counts the failures across a restart', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    for (const id of ['s1', 's2'])
      await rig.earlier.saveSession(
        sessionOf('shop', id, { phase: 'failed', endedAt: '2026-11-21T08:00:00.000Z' }),
      );
    await rig.start();
    await rig.clock.advance(121);
    expect(rig.news()).to.deep.equal(['120 shop begins']);
  });

  it('goes on after a stop where the session stood', async () => {
    const first = rigOf();
    await addGroup(first.store, 'shop');
    await first.start();
    await first.clock.advance(5);
    await first.stop();
    expect(first.running).to.equal(0);
    expect(first.news()).to.deep.equal(['0 shop begins']);
    expect((await first.ledger.session('shop'))?.phase).to.equal('shipping');

    const second = rigOf(first.store.reopened());
    await second.start();
    await second.clock.advance(25);
    expect(second.news()).to.deep.equal(['0 shop resumes', '20 shop done after 20']);
  });

  it('a raised generation ends the session under way, for good', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    await addProvenPoint(rig.store, 'shop');
    await rig.start();
    await rig.clock.advance(5);
    await rig.control.raiseGeneration('shop', 'x1');
    await rig.clock.advance(2000);
    expect(rig.news()).to.deep.equal(['0 shop begins', '5 shop superseded after 5']);
    expect((await rig.ledger.session('shop'))?.phase).to.equal('superseded');
    const standing = rig.member.standings.of('shop');
    expect(rig.supervisor.nextSessionMs('shop', standing!)).to.equal(null);
  });

  it('a sync joins the session under way, and else starts one before it is due', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    await rig.start();
    await rig.clock.advance(5);
    const joined = await rig.supervisor.sync('shop');
    expect(joined.id).to.equal((await rig.ledger.session('shop'))?.id);
    await rig.clock.advance(45);
    const answers = await Promise.all([rig.supervisor.sync('shop'), rig.supervisor.sync('shop')]);
    expect(answers[0].id).to.equal(answers[1].id).and.not.to.equal(joined.id);
    await rig.clock.advance(290);
    expect(rig.news()).to.deep.equal([
      '0 shop begins',
      '20 shop done after 20',
      '50 shop begins',
      '70 shop done after 20',
    ]);
  });

  it('a sync is claimed even when there is no room, and runs as soon as there is', async () => {
    const rig = rigOf(new MemoryStore(), 1);
    await addGroup(rig.store, 'a');
    await rig.start();
    await addGroup(rig.store, 'b');
    await rig.clock.advance(5);
    expect((await rig.supervisor.sync('b')).phase).to.equal('capturing');
    await rig.clock.advance(16);
    expect(rig.news()).to.deep.equal(['0 a begins', '20 a done after 20', '20 b begins']);
  });

  it('leaves a paused group alone, its unfinished session too', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop', { paused: true });
    await rig.earlier.saveSession(sessionOf('shop', 's1', { phase: 'shipping' }));
    await rig.start();
    await rig.clock.advance(400);
    expect(rig.news()).to.deep.equal([]);
    const record = { spec: specOf('shop'), createdAt: '2026-11-21T08:00:00.000Z' };
    await rig.store.transact([], [put(keys.group('shop'), record)]);
    await rig.clock.advance(10);
    expect(rig.news()).to.deep.equal(['400 shop begins']);
  });

  it('keeps a group still while something is done to it alone', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    await rig.start();
    await rig.clock.advance(5);
    const gate = Promise.withResolvers<string>();
    const work = rig.supervisor.exclusively('shop', new AbortController().signal, () => {
      expect(rig.running).to.equal(0);
      return gate.promise;
    });
    await rig.clock.advance(100);
    expect(rig.news()).to.deep.equal(['0 shop begins']);
    gate.resolve('done');
    expect(await work).to.equal('done');
    await rig.clock.advance(1);
    expect(rig.news()).to.deep.equal(['105 shop resumes']);
  });

  it('a run that breaks off is taken up after a minute, and holds up no other group', async () => {
    const rig = rigOf();
    await addGroup(rig.store, 'shop');
    rig.breaks = true;
    await rig.start();
    await rig.clock.advance(30);
    rig.breaks = false;
    await rig.clock.advance(60);
    expect(rig.news()).to.deep.equal(['0 shop begins', '60 shop resumes', '80 shop done after 20']);
  });

  describe('of two controllers', () => {
    const pair = async () => {
      const west = rigOf();
      const { store, clock } = west;
      const east = rigOf(store, 2, { clock, region: 'east' });
      await addGroup(store, 'shop');
      await Promise.all([west.start(), east.start()]);
      return { west, east, clock, store };
    };
    const die = ({ store, member }: Rig) =>
      store.expireLease(store.leaseOf(keys.controller(member.cluster.self!.id).path)!);

    it('the one in the secondary replicates, and the other goes on where it stood when that is gone', async () => {
      const { west, east, clock } = await pair();
      await clock.advance(5);
      die(west);
      await west.supervisor.stop();
      await clock.advance(30);
      expect(west.news()).to.deep.equal(['0 shop begins']);
      expect(east.news()).to.deep.equal(['5 shop resumes', '25 shop done after 20']);
    });

    it('one that loses its lease breaks off, and what it writes all the same is refused', async () => {
      const { west, east, clock } = await pair();
      await clock.advance(5);
      const session = (await west.ledger.session('shop'))!;
      die(west);
      const late = await rejection(west.ledger.saveSession(session));
      expect(late.code).to.equal('claim.lost');
      await clock.advance(400);
      expect(west.running).to.equal(0);
      expect((await east.ledger.session('shop'))?.phase).to.equal('done');
      expect(east.news().slice(0, 2)).to.deep.equal(['5 shop resumes', '25 shop done after 20']);
    });

    it('a sync ordered at the one is begun by the other', async () => {
      const { west, east, clock } = await pair();
      await clock.advance(50);
      west.news();
      const answer = east.supervisor.sync('shop');
      await clock.advance(1);
      expect((await answer).id).to.equal((await west.ledger.session('shop'))?.id);
      expect(west.news()).to.deep.equal(['50 shop begins']);
      expect(await west.store.range(keys.wanted())).to.deep.equal([]);
    });

    it('work that has a group to itself hears of the loss of its lease', async () => {
      const { east, clock } = await pair();
      const heard = Promise.withResolvers<unknown>();
      const work = east.supervisor.exclusively('shop', new AbortController().signal, (alone) => {
        alone.addEventListener('abort', () => heard.resolve(alone.reason));
        return heard.promise;
      });
      await clock.advance(5);
      die(east);
      await clock.advance(5);
      expect(await work).to.include({ code: 'claim.lost' });
    });

    it('keeps the group still for the one while it runs in the other', async () => {
      const { west, east, clock } = await pair();
      await clock.advance(5);
      const work = east.supervisor.exclusively('shop', new AbortController().signal, async () => {
        expect(west.running).to.equal(0);
        await clock.sleep(100_000);
        return 'done';
      });
      await clock.advance(100);
      expect(west.news()).to.deep.equal(['0 shop begins']);
      await clock.advance(10);
      expect(await work).to.equal('done');
      expect(west.news()).to.have.length(1);
    });
  });
});
