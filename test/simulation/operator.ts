import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import { hasWhole, isUsable, isWhole } from '../../replicator/point/members.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { ControllerService } from '../../controller/service.ts';
import { keys } from '../../controller/state/keys.ts';
import type { Site } from './site.ts';
import type { Users } from './world/users.ts';
import type { World } from './world/world.ts';
import { otherRegion, policyTo, specOf, type SimGroup, type Wishes } from './sim-group.ts';
import type { Truth } from './truth.ts';

/** After so long a person gives up waiting for an answer, and looks at what came of it. */
const patienceMs = 60_000;

type Order = (service: ControllerService) => Promise<unknown>;

export interface OperatorDeps {
  readonly world: World;
  readonly sites: readonly Site[];
  readonly truth: Truth;
  readonly users: Users;
  readonly onDefect: (message: string, error: unknown) => void;
}

/** Gives orders to any controller that runs, and gives them again when nothing came of them. */
export class Operator {
  readonly orders = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  /** Gives no order again by himself. */
  isPatient = false;
  readonly #deps: OperatorDeps;

  constructor(deps: OperatorDeps) {
    this.#deps = deps;
  }

  async setUp(groups: readonly SimGroup[], wishes: Wishes): Promise<boolean> {
    if (!(await this.applyPolicies(wishes))) return false;
    const isThere = ({ name, isFailingBack }: SimGroup) =>
      isFailingBack || this.#deps.truth.group(name) !== null;
    for (const group of groups) if (!isThere(group) && !(await this.protect(group))) return false;
    return true;
  }

  async applyPolicies(wishes: Wishes): Promise<boolean> {
    for (const region of ['east', 'west']) {
      const policy = policyTo(region, wishes);
      if (!(await this.order('policy', (service) => service.applyPolicy(policy)))) return false;
    }
    return true;
  }

  /** What is not there is not named for the first time. */
  protect(group: SimGroup): Promise<boolean> {
    const region = this.#deps.world.region(group.region);
    if (this.#deps.truth.group(group.name) === null) {
      group.members = group.members.filter(({ kind, id }) => region.find(kind, id) !== undefined);
      if (group.members.length === 0) this.#deps.users.createFirst(group);
    }
    // A failover restores what was replaced beside what took its name; the refusal lists the ids.
    const things = [...region.resources.values()];
    const bearers = ({ kind, name }: ResourceRef) =>
      things.filter((each) => each.kind === kind && each.name === name).length;
    if (group.members.some((member) => bearers(member) > 1)) group.isByName = false;
    return this.order('apply group', (service) => service.applyGroup(specOf(group)));
  }

  pause({ name }: SimGroup): Promise<boolean> {
    const spec = this.#deps.truth.group(name)?.spec;
    if (spec === undefined) return Promise.resolve(false);
    return this.order('pause group', (service) => service.applyGroup({ ...spec, paused: true }));
  }

  /** The operator says that what happened to some member is as it should be. */
  async release({ name }: SimGroup): Promise<boolean> {
    const { truth, world } = this.#deps;
    const open = truth.get(keys.changes(name))?.changes.filter((each) => !each.releasedAt) ?? [];
    const [change] = world.random.shuffled(open);
    if (change === undefined) return false;
    const key = resourceKey(change.resource);
    world.released.add(`${name}/${key}`);
    return this.order('release', (service) => service.releaseResource(name, key, reason));
  }

  /** Takes a member out of the group, or brings another in. */
  async changeMembers(group: SimGroup): Promise<boolean> {
    const { truth, world, users } = this.#deps;
    const { name, members } = group;
    if (truth.group(name)?.spec.source.region !== group.region) return false;
    const region = world.region(group.region);
    const there = members.filter(({ kind, id }) => region.find(kind, id) !== undefined);
    // An order that names what is not there is refused.
    if (there.length === 0) return false;
    if (there.length > 1 && world.random.chance(0.5)) group.members = there.slice(1);
    else {
      group.members = there;
      users.createAnother(group);
    }
    return this.order('change members', (service) => service.applyGroup(specOf(group)));
  }

  drill({ name }: SimGroup): Promise<boolean> {
    return this.order('drill', (service) => service.runner.start({ ...drillOf(name) }));
  }

  /** Given again, maybe to another controller, by somebody who did not hear what came of it. */
  async failover({ name }: SimGroup): Promise<boolean> {
    const { random } = this.#deps.world;
    const requestKey = `request ${random.id()}`;
    const unfenced = random.chance(0.5) ? { unfenced: { reason } } : {};
    const older = random.chance(0.5) ? this.#olderOf(name) : null;
    const params = { ...unfenced, ...(older === null ? {} : { older }) };
    const again: Order = (service) =>
      service.runner.start({ ...failoverOf(name, params), requestKey });
    const isDone = await this.order('failover', again);
    return !isDone && !this.isPatient && random.chance(0.5)
      ? this.order('failover', again)
      : isDone;
  }

  /** Lets a failover go on whose old primary is not fenced. */
  async approve({ name }: SimGroup): Promise<boolean> {
    const waiting = this.#deps.truth.executions(name).find(({ state }) => state === 'waiting');
    const gate = waiting?.steps.find(({ state }) => state === 'waiting');
    if (waiting === undefined || gate === undefined) return false;
    return this.order('approve', ({ runner }) => runner.approve(waiting.id, gate.id, reason));
  }

  /** Has back what the bank holds, whoever it belonged to. */
  rebuild(region: string): Promise<boolean> {
    const order = { reason, acceptUnverified: true } as const;
    return this.order('rebuild', (service) => service.banks.rebuild(region, order));
  }

  sync({ name }: SimGroup): Promise<boolean> {
    return this.order('sync', (service) => service.syncGroup(name));
  }

  async verify({ name }: SimGroup): Promise<boolean> {
    const point = this.#anyPoint(name);
    if (point === undefined) return false;
    return this.order('verify', (service) => service.verifyPoint(name, point, 'content'));
  }

  async deletePoint({ name }: SimGroup): Promise<boolean> {
    const point = this.#anyPoint(name);
    if (point === undefined) return false;
    this.#deps.world.ordered.add(`${name}/${point}`);
    return this.order('delete point', (service) => service.deletePoint(name, point));
  }

  /** Runs what failed again: the newest failover that did not succeed. */
  async retry({ name }: SimGroup): Promise<boolean> {
    const id = this.#deps.truth.head(name)?.failedOver?.executionId;
    const failed = id === undefined ? null : this.#deps.truth.execution(id);
    if (failed === null || failed.state !== 'ended' || failed.result === 'succeeded') return false;
    return this.order('retry', (service) => service.runner.retry(failed.id));
  }

  async cancel({ name }: SimGroup): Promise<boolean> {
    const running = this.#deps.truth.executions(name).find(({ state }) => state !== 'ended');
    if (running === undefined) return false;
    return this.order('cancel', (service) => service.runner.cancel(running.id));
  }

  /**
   * The group is live where it was failed over to: it is deleted, what is left of it in the region
   * that was lost is thrown away, and it is protected in the other direction. Each part until it is so.
   */
  async failBack(group: SimGroup): Promise<boolean> {
    const { world } = this.#deps;
    const { name } = group;
    if (!this.hasFailedOver(group) && !group.isFailingBack) return false;
    group.isFailingBack = true;
    // What an attempt before did counts, though its answer was lost; what this one is told may be long past.
    if (!this.#isFailedBack(group)) await this.#protectBack(group);
    if (!this.#isFailedBack(group)) return false;
    world.ordered.delete(name);
    group.isFailingBack = false;
    return true;
  }

  async #protectBack(group: SimGroup): Promise<void> {
    const { truth, world } = this.#deps;
    const { name } = group;
    const stored = truth.group(name);
    if (stored !== null && stored.spec.source.region !== group.region) {
      world.ordered.add(name);
      const order: Order = (service) => service.deleteGroup(name, { deletePoints: true });
      if (!(await this.order('delete group', order)) || truth.group(name) !== null) return;
    }
    const lost = world.region(otherRegion(group.region));
    for (const resource of [...lost.resources.values()])
      if (resource.name.startsWith(`${name}-`)) lost.remove(resource);
    await this.protect(group);
  }

  #isFailedBack(group: SimGroup): boolean {
    const spec = this.#deps.truth.group(group.name)?.spec;
    return spec?.source.region === group.region && !this.hasFailedOver(group);
  }

  hasFailedOver({ name }: SimGroup): boolean {
    const { truth } = this.#deps;
    const by = truth.head(name)?.failedOver?.executionId;
    const result = by === undefined ? undefined : truth.execution(by)?.result;
    // What the point lacks is named, and does not come any more.
    return result === 'succeeded' || result === 'partial';
  }

  /** What the newest point lacks, from the newest one that has it. */
  #olderOf(group: string) {
    const points = newestFirst(this.#deps.truth.points(group)).filter(isUsable);
    const lacking = points[0]?.members.filter((member) => !isWhole(member)) ?? [];
    for (const { resource } of lacking) {
      const key = resourceKey(resource);
      const point = points.find((each) => hasWhole(each, key));
      if (point !== undefined) return { point: point.id, resources: [key], reason };
    }
    return null;
  }

  /** True when it is known to be carried out. */
  order(name: string, give: Order): Promise<boolean> {
    const { world, sites, onDefect } = this.#deps;
    const running = sites.filter(({ process }) => process.isRunning);
    const [site] = world.random.shuffled(running);
    if (site === undefined) return Promise.resolve(false);
    count(this.orders, name);
    world.trace.add(`operator ${name} at ${site.process.name}`);
    return new Promise((resolve) => {
      const timer = world.scheduler.after(patienceMs, () => {
        count(this.refusals, `${name}: no answer`);
        world.scheduler.isStirred = true;
        resolve(false);
      });
      const end = (isDone: boolean): void => {
        timer.cancel();
        resolve(isDone);
      };
      const refused = (error: unknown): void => {
        if (error instanceof FarshoreError) count(this.refusals, `${name}: ${error.code}`);
        else onDefect(`order ${name}`, error);
        end(false);
      };
      site.process.deliver(() => void give(site.controller.service).then(() => end(true), refused));
    });
  }

  #anyPoint(group: string): string | undefined {
    const [point] = this.#deps.world.random.shuffled(this.#deps.truth.points(group));
    return point?.id;
  }

  /** Nothing of the group is under way. */
  isQuiet({ name }: SimGroup): boolean {
    const { truth } = this.#deps;
    const session = truth.session(name);
    return (session === null || isEnded(session.phase)) && !truth.isBusy(name);
  }
}

function drillOf(group: string) {
  return { runbook: 'drill', group, mode: 'drill', dryRun: false, params: {} } as const;
}

const reason = 'the simulation says so';

function failoverOf(group: string, params: Readonly<Record<string, unknown>>) {
  return { runbook: 'failover', group, mode: 'failover', dryRun: false, params } as const;
}

export function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
