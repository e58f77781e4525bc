import type { Execution } from '../../runbooks/execution/types.ts';
import { resourceKey, type ResourceKind, type Restored } from '../../replicator/mover.ts';
import { FarshoreError, isAbort } from '../../kernel/errors.ts';
import { keys } from '../../controller/state/keys.ts';
import type { ScrubRecord } from '../../controller/state/records.ts';
import type { Plants } from './controllers/sim-controller.ts';
import { Network } from './engine/network.ts';
import type { SimProcess } from './engine/process.ts';
import { SeededRandom } from './engine/random.ts';
import { Scheduler } from './engine/scheduler.ts';
import { Trace } from './engine/trace.ts';
import { Faults } from './faults/faults.ts';
import { allInvariants } from './invariants/all.ts';
import { putBelow, Violation, type Invariant } from './invariants/types.ts';
import { count, Operator } from './operator.ts';
import { settle } from './settle.ts';
import type { SimGroup, Wishes } from './sim-group.ts';
import { Site, type SiteDeps } from './site.ts';
import { Cluster } from './store/cluster.ts';
import type { Committed } from './store/state.ts';
import { Stranger } from './stranger.ts';
import { TotalLoss } from './total-loss.ts';
import { Truth } from './truth.ts';
import { Users } from './world/users.ts';
import { World } from './world/world.ts';
import { work } from './work.ts';

export interface Report {
  readonly seed: number;
  readonly hash: string;
  /** Null: every invariant held. */
  readonly violation: Violation | null;
  readonly trace: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
}

export interface Options {
  readonly plants?: Plants;
  /** Keeps the trace's lines, and not only their hash. */
  readonly isTraced?: boolean;
}

const siteNames = ['east', 'west', 'witness'];
const leaseTtlMs = 10_000;

/** One seed's history, from an empty store to a world at rest, or to the first violation. */
export async function simulate(seed: number, options: Options = {}): Promise<Report> {
  // Thousands of errors are made on purpose; their stacks are for who reads a trace.
  const { stackTraceLimit } = Error;
  if (options.isTraced !== true) Error.stackTraceLimit = 0;
  try {
    const simulation = new Simulation(seed, options);
    const violation = await simulation.run();
    return simulation.report(seed, violation);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

class Simulation {
  readonly #random: SeededRandom;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #sites: readonly Site[];
  readonly #groups: readonly SimGroup[];
  readonly #truth: Truth;
  readonly #users: Users;
  readonly #operator: Operator;
  readonly #faults: Faults;
  #invariants: readonly Invariant[];
  readonly #siteDeps: SiteDeps;
  /** Another installation, where the history has one. */
  #stranger: Stranger | null = null;
  #loss: TotalLoss | null = null;
  readonly #counts = new Map<string, number>();
  #violation: Violation | null = null;

  constructor(seed: number, { plants = {}, isTraced = false }: Options) {
    this.#random = new SeededRandom(seed);
    this.#scheduler = new Scheduler(this.#random.fork());
    this.#trace = new Trace(this.#scheduler, isTraced);
    const [scheduler, random, trace] = [this.#scheduler, this.#random, this.#trace];
    const network = new Network(siteNames, scheduler, random.fork());
    this.#cluster = new Cluster(siteNames, { scheduler, random, network });
    this.#world = new World(['east', 'west'], { scheduler, network, random: random.fork(), trace });
    this.#truth = new Truth(this.#cluster.state);
    const [world, cluster, truth] = [this.#world, this.#cluster, this.#truth];
    const onDefect = (process: SimProcess, message: string, error: unknown): void =>
      this.#defect(`${process.name}: ${message}`, error);
    this.#groups = groupsOf(random);
    this.#users = new Users(world, this.#groups);
    for (const group of this.#groups)
      for (const ref of group.members)
        this.#users.create(group, ref, ref.kind === 'image' ? 1 : random.int(1, 4));
    this.#siteDeps = { world, cluster, leaseTtlMs, plants, onDefect };
    this.#sites = siteNames.map((name) => new Site(name, this.#siteDeps));
    const sites = this.#sites;
    this.#operator = new Operator({
      world,
      sites,
      truth,
      users: this.#users,
      onDefect: (message, error) => this.#defect(message, error),
    });
    this.#faults = new Faults({
      world,
      cluster,
      sites,
      groups: this.#groups,
      users: this.#users,
      random: random.fork(),
    });
    this.#invariants = allInvariants({ world, cluster, truth, sites, groups: this.#groups });
    this.#wire();
  }

  async run(): Promise<Violation | null> {
    const onUnhandled = (error: unknown): void => {
      const what = error instanceof Error ? (error.stack ?? error.message) : 'no error';
      this.#defect('a process would have died of', new Error(what));
    };
    process.on('unhandledRejection', onUnhandled);
    try {
      await this.#history();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error;
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
    // What is left of it must hear of nothing any more.
    for (const { process } of this.#sites) process.kill();
    this.#stranger?.end();
    this.#loss?.end();
    return this.#violation;
  }

  report(seed: number, violation: Violation | null): Report {
    const { network } = this.#world;
    const add = (name: string, by: number): void => {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
    };
    for (const [name, by] of this.#faults.counts) add(`fault: ${name}`, by);
    for (const [name, by] of this.#operator.orders) add(`order: ${name}`, by);
    for (const [name, by] of this.#operator.refusals) add(`refused: ${name}`, by);
    for (const [name, by] of this.#world.effects) add(`effect: ${name}`, by);
    for (const [name, by] of this.#stranger?.operator.orders ?? []) add(`stranger: ${name}`, by);
    const refused = this.#stranger?.truth.all(keys.session()) ?? [];
    for (const { error } of refused) add(`stranger: session ${error?.code ?? 'not refused'}`, 1);
    add('request carried out late', this.#world.late);
    add('message lost', network.lost);
    add('message slowed', network.slowed);
    add('store election', this.#cluster.elections);
    add('store lease expired', this.#cluster.expiredLeases);
    add('store write after its sender gave up', this.#cluster.lateWrites);
    add('users wrote', this.#users.writes);
    add('users were refused', this.#users.refusals);
    for (const { ends } of this.#sites) add('controller ended by itself', ends);
    add('event', this.#scheduler.events);
    add('transaction', this.#cluster.state.revision);
    const { hash, lines } = this.#trace;
    const simulatedMs = this.#scheduler.nowMs;
    return { seed, hash, violation, trace: lines, counts: this.#counts, simulatedMs };
  }

  async #history(): Promise<void> {
    const random = this.#random.fork();
    const [scheduler, operator, groups] = [this.#scheduler, this.#operator, this.#groups];
    const wishes: Wishes = {
      everySeconds: random.pick([20, 40, 60]),
      last: random.int(1, 3),
      // A minute is the least that a policy may say.
      readEverySeconds: random.pick([null, 60, 60, 200]),
    };
    const setUp = operator.setUp(groups, wishes);
    this.#users.start(random.pick([1_000, 4_000, 15_000]));
    await this.#pass(scheduler.nowMs + random.pick([1_000, 30_000, 60_000]));
    this.#faults.start();
    if (random.chance(0.3)) this.#meetStranger(random.between(0, 60_000));
    const isOver = work({ scheduler, operator, groups, random });
    await this.#pass(scheduler.nowMs + random.between(40_000, 180_000));
    isOver();
    this.#faults.heal();
    const isSetUp = setUp.then(() => undefined);
    await settle({
      pass: (ms) => this.#pass(scheduler.nowMs + ms),
      wishes,
      isSetUp,
      operator,
      truth: this.#truth,
      world: this.#world,
      groups,
      scheduler,
      goesOnMs: random.chance(0.3) ? (wishes.last + 2) * wishes.everySeconds * 1_000 : 0,
    });
    for (const invariant of this.#invariants) invariant.atEnd?.();
    if (random.chance(0.4)) await this.#loseAll();
  }

  /** The second life has invariants of its own: what those before remember was in the state that is lost. */
  async #loseAll(): Promise<void> {
    const [world, truth, groups, users] = [this.#world, this.#truth, this.#groups, this.#users];
    const { plants, onDefect } = this.#siteDeps;
    const { nowMs } = world.scheduler;
    for (const { process } of this.#sites) process.kill();
    this.#stranger?.end();
    const pass = (ms: number) => this.#pass(world.scheduler.nowMs + ms);
    const loss = new TotalLoss({ world, truth, groups, users, pass, leaseTtlMs, plants, onDefect });
    this.#loss = loss;
    this.#invariants = loss.invariants;
    world.network.onChange = loss.cluster.check;
    loss.cluster.state.onCommit = (committed) => {
      this.#trace.add(`${committed.by ?? 'store'} commits ${committed.revision}`);
      this.#check((each) => each.onCommit?.(committed));
    };
    const groupsBack = await loss.recover();
    this.#counts.set('total loss', 1);
    this.#counts.set('groups had back', groupsBack);
    this.#counts.set('ms of the second life', Math.round(world.scheduler.nowMs - nowMs));
  }

  #meetStranger(afterMs: number): void {
    const [world, truth, groups, users] = [this.#world, this.#truth, this.#groups, this.#users];
    world.scheduler.after(afterMs, () => {
      world.scheduler.isStirred = true;
      const { plants, onDefect } = this.#siteDeps;
      this.#stranger = new Stranger({ world, truth, groups, users, leaseTtlMs, plants, onDefect });
    });
  }

  async #pass(untilMs: number): Promise<void> {
    await this.#scheduler.run(untilMs, () => this.#violation !== null);
    if (this.#violation !== null) throw this.#violation;
  }

  #wire(): void {
    const { network } = this.#world;
    const poke = (): void =>
      this.#sites.forEach(({ controller }) => controller.store.pokeWatches());
    network.onChange = () => {
      this.#cluster.check();
      this.#stranger?.cluster.check();
    };
    this.#cluster.onProgress = poke;
    this.#cluster.state.onCommit = (committed) => {
      this.#trace.add(
        `${committed.by ?? 'store'} commits ${committed.revision} ${pathsOf(committed)}`,
      );
      this.#check((each) => each.onCommit?.(committed));
      this.#follow(committed);
    };
    this.#world.onEffect = (effect) => this.#check((each) => each.onEffect?.(effect));
    this.#scheduler.afterEvent = () => this.#check((each) => each.afterEvent?.());
  }

  /** The first that does not hold ends the seed. */
  #check(tell: (invariant: Invariant) => void): void {
    try {
      for (const invariant of this.#invariants) tell(invariant);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#trace.add(`violation: ${error.message}`);
      this.#violation ??= error;
    }
  }

  /** Users go where a failover brought their data up. */
  #follow(committed: Committed): void {
    for (const [, execution] of putBelow<Execution>(committed, 'executions/')) {
      if (execution.state === 'ended') this.#ended(execution);
    }
    for (const [, { last, round }] of putBelow<ScrubRecord>(committed, 'scrubs/'))
      if (last !== undefined && round === undefined)
        count(this.#counts, 'all of a group read again');
  }

  #ended(execution: Execution): void {
    const { mode, result = 'none', group: name } = execution;
    const outcome = `${mode} ${result}`;
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    const group = this.#groups.find((each) => each.name === name);
    const primary = this.#truth.head(name)?.primary;
    if (mode !== 'failover' || !group || primary === undefined) return;
    if (result !== 'succeeded' && result !== 'partial') return;
    const restored = new Map(
      execution.steps
        .filter(({ type }) => type === 'restore')
        .map(({ output }) => [resourceKey((output as Restored).resource), output as Restored]),
    );
    for (const { id, resource } of restored.values())
      this.#world.inUse.add(`${primary}/${resource.kind}/${id}`);
    group.region = primary;
    group.members = [...restored.values()].map(({ resource, id, name: made }) => ({
      kind: resource.kind,
      id,
      name: made,
    }));
  }

  #defect(message: string, error: unknown): void {
    const isMeant = error instanceof FarshoreError || isAbort(error);
    if (error === undefined || isMeant) return;
    if (this.#violation !== null) return;
    const stack = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
    this.#trace.add(`defect: ${message}`);
    this.#violation = new Violation('no-defect', `${message}: ${stack}`);
  }
}

function pathsOf({ changes }: Committed): string {
  return changes
    .map((change) => (change.type === 'put' ? change.entry.path : `-${change.path}`))
    .join(' ');
}

const kinds: readonly ResourceKind[] = ['volume', 'image', 'container'];

function groupsOf(random: SeededRandom): readonly SimGroup[] {
  return Array.from({ length: random.int(1, 3) }, (_, index): SimGroup => {
    const name = `g${index}`;
    const region = random.pick(['east', 'west']);
    const members = Array.from({ length: random.int(1, 3) }, (__, place) => {
      const kind = random.pick(kinds);
      const own = `${name}-${kind}-${place}`;
      return { kind, id: kind === 'container' ? own : random.uuid(), name: own };
    });
    const isByName = random.chance(0.4);
    return { name, isByName, region, members, had: new Set(), isFailingBack: false };
  });
}
