import { ownerObject } from '../../replicator/bank/owner.ts';
import { Operator } from './operator.ts';
import { policyTo, otherRegion, type SimGroup } from './sim-group.ts';
import { Site, type SiteDeps } from './site.ts';
import { Cluster } from './store/cluster.ts';
import { Truth } from './truth.ts';
import type { World } from './world/world.ts';
import type { Users } from './world/users.ts';

/** Begins the names of its processes. */
export const strangerMark = 'other/';

interface StrangerDeps extends Omit<SiteDeps, 'cluster'> {
  readonly world: World;
  readonly users: Users;
  readonly groups: readonly SimGroup[];
  readonly truth: Truth;
}

/**
 * A second installation with a state of its own, empty to begin with: somebody set it up with the same
 * configuration, and applies the same groups to it. It finds banks that are another's.
 */
export class Stranger {
  readonly cluster: Cluster;
  readonly truth: Truth;
  readonly operator: Operator;
  readonly #deps: StrangerDeps;
  readonly #site: Site;

  constructor(deps: StrangerDeps) {
    const { world, users, onDefect } = deps;
    this.#deps = deps;
    this.cluster = new Cluster(['east', 'west', 'witness'], world);
    const { cluster } = this;
    this.truth = new Truth(cluster.state);
    const site = new Site('west', { ...deps, cluster }, strangerMark);
    this.#site = site;
    cluster.onProgress = () => site.controller.store.pokeWatches();
    this.operator = new Operator({
      world,
      users,
      sites: [site],
      truth: this.truth,
      onDefect: (message, error) => onDefect(site.process, message, error),
    });
    void this.#setUp();
  }

  end(): void {
    this.#site.process.kill();
  }

  async #setUp(): Promise<void> {
    const { groups, truth, world } = this.#deps;
    for (const region of ['east', 'west'])
      await this.operator.order('policy', (service) =>
        service.applyPolicy(
          policyTo(region, { everySeconds: 20, last: 1, readEverySeconds: null }),
        ),
      );
    for (const { name, region } of groups) {
      const spec = truth.group(name)?.spec;
      // Of a bank that is nobody's it would become the owner, rightly.
      const isTaken = world.region(otherRegion(region)).bank.has(ownerObject);
      if (spec === undefined || !isTaken || spec.source.region !== region) continue;
      // Of the same name it is refused as soon as the bank holds points of it; of another it finds out later.
      const own = world.random.chance(0.5) ? name : `${name}-too`;
      await this.operator.order('apply group', (service) =>
        service.applyGroup({ ...spec, name: own }),
      );
      if (world.random.chance(0.3))
        await this.operator.order('delete group', (service) =>
          service.deleteGroup(own, { deletePoints: true }),
        );
    }
  }
}
