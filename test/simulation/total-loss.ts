import { newestFirst } from '../../replicator/point/choose.ts';
import { isUsable } from '../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { keys } from '../../controller/state/keys.ts';
import type { GroupHead } from '../../controller/state/records.ts';
import { executions } from './invariants/executions.ts';
import { must, putBelow, type Invariant } from './invariants/types.ts';
import { Operator } from './operator.ts';
import type { SimGroup } from './sim-group.ts';
import { Site, type SiteDeps } from './site.ts';
import { Cluster } from './store/cluster.ts';
import { Truth } from './truth.ts';
import type { Users } from './world/users.ts';
import type { World } from './world/world.ts';

export interface LossDeps extends Omit<SiteDeps, 'cluster'> {
  readonly world: World;
  readonly users: Users;
  readonly groups: readonly SimGroup[];
  /** What the store held at the end. */
  readonly truth: Truth;
  readonly pass: (ms: number) => Promise<void>;
}

/** What must come back of a group. */
interface Lost {
  readonly head: GroupHead;
  /** In the order of their commits. */
  readonly points: readonly RecoveryPoint[];
  /** Ids of the sessions that were remembered. */
  readonly sessions: ReadonlySet<string>;
}

const siteNames = ['east', 'west', 'witness'];
const patienceMs = 10 * 60_000;

/**
 * All controllers and all that their store held are gone, when everything else was at rest. New ones
 * with nothing but the configuration have back what the banks hold, in whatever order: groups, points,
 * their order, and who is primary. Then a group is failed over.
 */
export class TotalLoss {
  readonly cluster: Cluster;
  readonly operator: Operator;
  readonly invariants: readonly Invariant[];
  readonly #deps: LossDeps;
  readonly #lost: ReadonlyMap<string, Lost>;
  readonly #truth: Truth;
  readonly #back = new Set<string>();
  readonly #sites: readonly Site[];

  constructor(deps: LossDeps) {
    const { world, users, groups, onDefect } = deps;
    this.#deps = deps;
    this.#lost = lostOf(deps);
    this.cluster = new Cluster(siteNames, world);
    const { cluster } = this;
    this.#truth = new Truth(cluster.state);
    const truth = this.#truth;
    this.#sites = siteNames.map((name) => new Site(name, { ...deps, cluster }, 'new/'));
    const sites = this.#sites;
    cluster.onProgress = () => sites.forEach(({ controller }) => controller.store.pokeWatches());
    this.operator = new Operator({
      world,
      users,
      sites,
      truth,
      onDefect: (message, error) =>
        sites[0] === undefined ? undefined : onDefect(sites[0].process, message, error),
    });
    this.operator.isPatient = true;
    this.invariants = [executions({ world, cluster, truth, sites, groups }), this.#asItWas()];
  }

  /** How many groups were had back. */
  async recover(): Promise<number> {
    const { world } = this.#deps;
    if (world.random.chance(0.3)) await this.#applyAnew();
    for (const region of world.random.shuffled(['east', 'west']))
      await this.#until(`the bank of ${region} is taken in`, () => this.operator.rebuild(region));
    for (const name of this.#lost.keys())
      must('rebuilt', this.#truth.group(name) !== null, () => `${name} is not back`);
    for (const group of this.#deps.groups)
      if (this.#lost.has(group.name) && world.random.chance(0.5)) await this.#failOver(group);
    return this.#lost.size;
  }

  end(): void {
    for (const { process } of this.#sites) process.kill();
  }

  /** Asked in the transaction that brings a group, whoever asked for it: its sessions go on right after. */
  #asItWas(): Invariant {
    return {
      onCommit: (transaction) => {
        for (const [name] of putBelow(transaction, 'groups/')) {
          const lost = this.#lost.get(name);
          if (lost !== undefined && !this.#back.has(name)) this.#mustBeBack(name, lost);
          this.#back.add(name);
        }
      },
    };
  }

  #mustBeBack(name: string, { head, points, sessions }: Lost): void {
    const found = this.#truth.head(name);
    const at = (each: GroupHead | null) =>
      `${each?.primary ?? 'nobody'} at ${each?.generation ?? 0}`;
    must('rebuilt', found !== null, () => `${name} is not back`);
    const isSame =
      found.primary === head.primary &&
      found.secondary === head.secondary &&
      found.generation === head.generation;
    must('rebuilt', isSame, () => `${name}: ${at(found)}, and it was ${at(head)}`);
    const idsOf = (all: readonly RecoveryPoint[]) =>
      newestFirst(all.filter(({ state }) => state !== 'expiring')).map(({ id }) => id);
    // Whose deletion had begun comes back for as long as its manifest is there.
    const going = new Set(points.filter(({ state }) => state === 'expiring').map(({ id }) => id));
    // So does what a session had verified and sealed, and could not commit any more.
    const isUncommitted = ({ id }: RecoveryPoint) =>
      sessions.has(id) && points.every((each) => each.id !== id);
    const there = this.#truth
      .points(name)
      .filter((point) => !going.has(point.id) && !isUncommitted(point));
    const [wanted, back] = [points, there].map(idsOf);
    const isAll = JSON.stringify(back) === JSON.stringify(wanted);
    must(
      'rebuilt',
      isAll,
      () => `${name}: points ${back?.join() ?? ''} of ${wanted?.join() ?? ''}`,
    );
  }

  /** Somebody's automation gives the documents to the empty controllers before anybody has looked into a bank. */
  async #applyAnew(): Promise<void> {
    const { truth } = this.#deps;
    const wishes = { everySeconds: 20, last: 1, readEverySeconds: null };
    await this.#until('policies are applied', () => this.operator.applyPolicies(wishes));
    for (const name of this.#lost.keys()) {
      const spec = truth.group(name)?.spec;
      if (spec !== undefined)
        await this.#until(`${name} is applied or refused`, async () => {
          await this.operator.order('apply group', (service) => service.applyGroup(spec));
          return true;
        });
    }
  }

  async #failOver(group: SimGroup): Promise<void> {
    const { name } = group;
    const isFailedOver = () => this.#truth.head(name)?.failedOver !== undefined;
    const hasAny = this.#truth.points(name).some(isUsable);
    if (isFailedOver() || !hasAny) return;
    const isOver = () => !this.#truth.isBusy(name);
    await this.#until(`${name} is failed over`, async () => {
      if (isFailedOver() && isOver()) return true;
      await (isOver() ? this.operator.failover(group) : this.operator.approve(group));
      return false;
    });
  }

  async #until(what: string, attempt: () => Promise<boolean>): Promise<void> {
    const { pass, world } = this.#deps;
    const endMs = world.scheduler.nowMs + patienceMs;
    const answered = { is: false };
    const ask = async (): Promise<void> => {
      answered.is = await attempt();
    };
    while (!answered.is) {
      must('liveness', world.scheduler.nowMs < endMs, () => `not so after the loss: ${what}`);
      const asked = { isOpen: true };
      void ask().finally(() => (asked.isOpen = false));
      while (asked.isOpen) await pass(1_000);
      await pass(2_000);
    }
  }
}

/** Groups with a point at least, and the words of a failover only once it was carried out. */
function lostOf({ groups, truth }: LossDeps): ReadonlyMap<string, Lost> {
  return new Map(
    groups.flatMap(({ name }) => {
      const head = truth.head(name);
      const points = truth.points(name);
      const isThere = points.some(({ state }) => state !== 'expiring');
      const by = head?.failedOver?.executionId;
      const result = by === undefined ? undefined : truth.execution(by)?.result;
      const isSettled = by === undefined || result === 'succeeded' || result === 'partial';
      if (head === null || !isThere || !isSettled) return [];
      return [[name, { head, points, sessions: sessionsOf(name, truth) }] as const];
    }),
  );
}

function sessionsOf(group: string, truth: Truth): ReadonlySet<string> {
  const prefix = keys.history(group).path;
  const past = truth.paths(prefix).map((path) => path.slice(prefix.length));
  return new Set([...past, truth.session(group)?.id ?? '']);
}
