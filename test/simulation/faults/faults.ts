import type { SeededRandom } from '../engine/random.ts';
import type { Cluster } from '../store/cluster.ts';
import type { Site } from '../site.ts';
import type { World } from '../world/world.ts';
import type { SimGroup } from '../sim-group.ts';
import type { Users } from '../world/users.ts';
import { count } from '../operator.ts';
import { memberFaults } from './members.ts';
import { cutsOf } from './partitions.ts';

export interface FaultDeps {
  readonly world: World;
  readonly cluster: Cluster;
  readonly sites: readonly Site[];
  readonly groups: readonly SimGroup[];
  readonly users: Users;
  readonly random: SeededRandom;
}

export interface Fault {
  readonly name: string;
  /** Between two of them, on average, where the seed has them at all. */
  readonly meanMs: number;
  /** Returns how to end it, with the time when; null: it is over at once, or was not possible. */
  begin(deps: FaultDeps): Begun | null;
}

interface Begun {
  readonly forMs: number;
  readonly end: () => void;
  /** It need not end: what it does not concern goes on all the same. */
  readonly mayStay?: true;
}

const faults: readonly Fault[] = [
  ...memberFaults,
  {
    name: 'kill',
    meanMs: 25_000,
    begin: ({ sites, random }) => {
      const site = random.pick(sites);
      if (site.process.isDead) return null;
      site.process.kill();
      return { forMs: random.between(500, 20_000), end: () => site.restart() };
    },
  },
  {
    name: 'restart',
    meanMs: 40_000,
    begin: ({ sites, random }) => {
      const site = random.pick(sites);
      if (site.process.isRunning) site.replace();
      return null;
    },
  },
  {
    name: 'pause',
    meanMs: 25_000,
    begin: ({ sites, random }) => {
      const { process } = random.pick(sites);
      if (!process.isRunning) return null;
      process.pause();
      return { forMs: random.between(200, 40_000), end: () => process.resume() };
    },
  },
  {
    name: 'partition',
    meanMs: 25_000,
    begin: ({ world, random }) => {
      const heals = cutsOf(random).map(([from, to]) => world.network.cut(from, to));
      return { forMs: random.between(500, 45_000), end: () => heals.forEach((heal) => heal()) };
    },
  },
  {
    name: 'clock jump',
    meanMs: 30_000,
    begin: ({ sites, random }) => {
      const farMs = random.pick([1_000, 60_000, 7_200_000]);
      random.pick(sites).process.jump(random.between(-farMs, farMs));
      return null;
    },
  },
  {
    name: 'store member down',
    meanMs: 40_000,
    begin: ({ cluster, random }) => {
      const member = random.pick(cluster.members);
      if (!member.isUp) return null;
      member.isUp = false;
      cluster.check();
      const end = (): void => {
        member.isUp = true;
        cluster.check();
      };
      return { forMs: random.between(500, 30_000), end };
    },
  },
  {
    name: 'store leader change',
    meanMs: 20_000,
    begin: ({ cluster }) => {
      cluster.changeLeader();
      return null;
    },
  },
  {
    name: 'store compaction',
    meanMs: 20_000,
    begin: ({ cluster, random }) => {
      cluster.state.compact(cluster.state.revision - random.int(0, 30));
      return null;
    },
  },
  {
    name: 'lost messages',
    meanMs: 25_000,
    begin: ({ world, random }) => {
      world.network.lossRate = random.between(0.01, 0.15);
      return { forMs: random.between(2_000, 30_000), end: () => (world.network.lossRate = 0) };
    },
  },
  {
    name: 'slow messages',
    meanMs: 25_000,
    begin: ({ world, random }) => {
      world.network.slowRate = random.between(0.05, 0.4);
      return { forMs: random.between(2_000, 30_000), end: () => (world.network.slowRate = 0) };
    },
  },
  {
    name: 'late requests',
    meanMs: 40_000,
    begin: ({ world, random }) => {
      world.lateRate = random.between(0.05, 0.5);
      return { forMs: random.between(2_000, 30_000), end: () => (world.lateRate = 0) };
    },
  },
  {
    name: 'region down',
    meanMs: 50_000,
    begin: ({ world, random }) => {
      const region = random.pick(world.regions);
      region.isDown = true;
      return { forMs: random.between(1_000, 40_000), end: () => (region.isDown = false) };
    },
  },
  {
    name: 'damaged copy',
    meanMs: 40_000,
    begin: ({ world, random }) => {
      const region = random.pick(world.regions);
      const [name] = random.shuffled([...region.copies.keys()].sort());
      if (name === undefined) return null;
      world.rotten.set(`${region.name}/${name}`, world.scheduler.nowMs);
      world.damaged.add(name.split('/').slice(0, 2).join('/'));
      const copy = region.copies.get(name);
      if (copy !== undefined && random.chance(0.5))
        Object.assign(copy, { isWhole: false, isChecked: false });
      else region.copies.delete(name);
      return null;
    },
  },
];

/** Breaks things at random, each seed in its own way: it has some kinds of faults and not others. */
export class Faults {
  readonly counts = new Map<string, number>();
  readonly #deps: FaultDeps;
  readonly #open = new Map<() => void, Begun>();
  #isOver = false;

  constructor(deps: FaultDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { random } = this.#deps;
    const likelihood = random.between(0.2, 0.9);
    for (const fault of faults)
      if (random.chance(likelihood)) this.#next(fault, fault.meanMs * random.between(0.5, 3));
  }

  /**
   * Everything that is broken is mended: processes run, links stand. What was damaged stays so, and
   * some members stay unusable, or are not found.
   */
  heal(): void {
    this.#isOver = true;
    const { random, world } = this.#deps;
    world.healedMs = world.scheduler.nowMs;
    for (const [end, { mayStay = false }] of [...this.#open])
      if (mayStay && random.chance(0.4)) this.#open.delete(end);
      else end();
    for (const site of this.#deps.sites) site.restart();
  }

  #next(fault: Fault, meanMs: number): void {
    const { random, world } = this.#deps;
    world.scheduler.after(-Math.log(1 - random.next()) * meanMs, () => {
      if (this.#isOver) return;
      this.#begin(fault);
      this.#next(fault, meanMs);
    });
  }

  #begin(fault: Fault): void {
    const { world } = this.#deps;
    const begun = fault.begin(this.#deps);
    count(this.counts, fault.name);
    world.trace.add(`fault: ${fault.name}`);
    if (begun === null) return;
    const end = (): void => {
      if (!this.#open.delete(end)) return;
      world.trace.add(`over: ${fault.name}`);
      begun.end();
    };
    this.#open.set(end, begun);
    world.scheduler.after(begun.forMs, end);
  }
}
