import { SimProcess } from './engine/process.ts';
import { startController, type Plants, type SimController } from './controllers/sim-controller.ts';
import type { Cluster } from './store/cluster.ts';
import type { World } from './world/world.ts';

export interface SiteDeps {
  readonly world: World;
  readonly cluster: Cluster;
  readonly leaseTtlMs: number;
  readonly plants: Plants;
  readonly onDefect: (process: SimProcess, message: string, error: unknown) => void;
}

const restartMs = 2_000;
const stopMs = 60_000;

/** A place where one controller runs, and is started again when it died. */
export class Site {
  readonly name: string;
  starts = 0;
  /** How often one ended by itself. */
  ends = 0;
  readonly #installation: string;
  readonly #deps: SiteDeps;
  /** Those before the one that runs: dead, or asleep for ever. */
  #controller: SimController;

  /** `installation`: begins the names of its processes, where there is more than one. */
  constructor(name: string, deps: SiteDeps, installation = '') {
    this.name = name;
    this.#installation = installation;
    this.#deps = deps;
    this.#controller = this.#start();
  }

  get controller(): SimController {
    return this.#controller;
  }

  get process(): SimProcess {
    return this.#controller.process;
  }

  restart(): void {
    if (this.process.isDead) this.#controller = this.#start();
  }

  /** Told to stop, and started again; killed when it takes too long. */
  replace(): void {
    const { process, controller } = this;
    const { scheduler } = this.#deps.world;
    const end = (): void => this.#ended(process);
    process.deliver(() => void controller.stop().then(end));
    scheduler.after(stopMs, end);
  }

  /** What runs services starts it again. */
  #ended(process: SimProcess): void {
    if (process.isDead) return;
    process.kill();
    this.#deps.world.scheduler.after(restartMs, () => this.restart());
  }

  #start(): SimController {
    this.starts += 1;
    const { world } = this.#deps;
    const { scheduler, random } = world;
    const host = `controller@${this.name}`;
    const own = `${this.#installation}${this.name}-${this.starts}`;
    const process = new SimProcess(own, host, { scheduler, random });
    world.trace.add(`${process.name} starts`);
    return startController({
      ...this.#deps,
      process,
      site: this.name,
      installation: this.#installation.replace('/', '') || 'first',
      onEnd: () => {
        this.ends += 1;
        this.#ended(process);
      },
    });
  }
}
