import type { Content, Effect } from './types.ts';
import type { Network } from '../engine/network.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Trace } from '../engine/trace.ts';
import { SimRegion } from './sim-region.ts';

/** When a session cut a resource, in true time, and what it held then. */
export interface Cut {
  readonly atMs: number;
  readonly content: Content;
}

/** A listing on a disk. */
export interface Listed extends Cut {
  /** RFC 3339, by the region's clock. */
  readonly at: string;
}

/** All that lies outside the controllers and their store: regions, disks, users; and who did what to them. */
export class World {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly regions: readonly SimRegion[];
  /** Spooled listings: by machine, session and resource. */
  readonly disks = new Map<string, Listed>();
  /** By the session's id and the resource's key. */
  readonly cuts = new Map<string, Cut>();
  /** Copies that a fault damaged, `region/copyName`, and when it last did: known to nobody who only lists. */
  readonly rotten = new Map<string, number>();
  /** Resources, as `kind/id`, a copy of which was ever damaged. */
  readonly damaged = new Set<string>();
  /** Groups, and points as `group/point`, that an operator ordered to be deleted. */
  readonly ordered = new Set<string>();
  /** Members, as `group/kind/id`, of which an operator said that what happened to them is as it should be. */
  readonly released = new Set<string>();
  /** Chance that a change of a region is carried out late, while faults are on. */
  lateRate = 0;
  late = 0;
  /** Resources, `region/kind/id`, that a failover brought up and that their users have since. */
  readonly inUse = new Set<string>();
  /** When faults ended. */
  healedMs = Infinity;
  onEffect: (effect: Effect) => void = () => undefined;
  readonly effects = new Map<Effect['operation'], number>();

  constructor(
    names: readonly string[],
    deps: Pick<World, 'scheduler' | 'network' | 'random' | 'trace'>,
  ) {
    this.scheduler = deps.scheduler;
    this.network = deps.network;
    this.random = deps.random;
    this.trace = deps.trace;
    this.regions = names.map((name) => new SimRegion(name, deps.scheduler));
  }

  region(name: string): SimRegion {
    const found = this.regions.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`no region ${name}`);
    return found;
  }

  took(effect: Effect): void {
    const { region, operation, subject, process } = effect;
    this.trace.add(`${process} ${operation} ${subject} in ${region}`);
    this.effects.set(operation, (this.effects.get(operation) ?? 0) + 1);
    this.onEffect(effect);
  }
}
