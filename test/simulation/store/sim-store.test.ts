import { storeContract } from '../../controller/store/contract.ts';
import { Network } from '../engine/network.ts';
import { SimProcess } from '../engine/process.ts';
import { SeededRandom } from '../engine/random.ts';
import { Scheduler } from '../engine/scheduler.ts';
import { Cluster } from './cluster.ts';
import { SimStore } from './sim-store.ts';

const sites = ['east', 'west', 'witness'];

/** Here nobody but the simulated network acts, and the test waits for it in its own time. */
function alive() {
  const random = new SeededRandom(1);
  const scheduler = new Scheduler(random);
  const network = new Network(sites, scheduler, random);
  const cluster = new Cluster(sites, { scheduler, random, network });
  const stores: SimStore[] = [];
  cluster.onProgress = () => stores.forEach((store) => store.pokeWatches());
  let isOver = false;
  const go = async (): Promise<void> => {
    // The renewals of a lease go on for ever: time passes in small steps, between the test's own.
    while (!isOver) await scheduler.run(scheduler.nowMs + 5);
  };
  return {
    open: (): SimStore => {
      const process = new SimProcess('controller', 'controller@east', { scheduler, random });
      // What the others have not heard of yet a local read would not show: ask the leader's copy.
      const store = new SimStore(cluster, cluster.leader?.site ?? 'east', { process, scheduler });
      stores.push(store);
      return store;
    },
    start: () => void go(),
    end: () => (isOver = true),
  };
}

describe('SimStore', () => {
  let world: ReturnType<typeof alive>;
  beforeEach(() => {
    world = alive();
    world.start();
  });
  afterEach(() => world.end());

  // Closing gives leases back, which takes the world's time: the world ends after it.
  describe('keeps the contract', () =>
    storeContract(
      () => Promise.resolve(world.open()),
      async (store) => {
        await store.close();
        return world.open();
      },
    ));
});
