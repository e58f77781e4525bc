import { ensureImage } from './image.ts';
import { ensureNetwork, networkPrefix } from './network.ts';
import { answers, waitFor, waitForServices } from './probe.ts';
import { Region } from './region.ts';
import { type Container, type Docker, LabUnavailableError, docker, unless } from './runtime.ts';
import {
  type ObjectStoreKind,
  type RegionName,
  type Topology,
  addressOf,
  defaultLabName,
  labels,
  regionNames,
} from './topology.ts';

/** It ends what hangs: on a machine that does much else, four minutes were seen. */
const bringupTimeoutMs = 900_000;

export interface LabOptions {
  readonly name?: string;
  readonly topology?: Topology;
  /** The region whose object store is Ceph's RGW; in the separate topology alone. */
  readonly rgw?: RegionName;
  /** Directories of this host that the regions see, as the engine writes them: `from:to:ro`. */
  readonly binds?: readonly string[];
  readonly say?: (text: string) => void;
}

/**
 * Two regions in two containers on one network. A lab outlives the process that made it; its
 * state is the engine's (names and labels), so any later process finds it with `Lab.find`.
 */
export class Lab {
  readonly name: string;
  readonly topology: Topology;
  readonly #engine: Docker;
  readonly #regions: ReadonlyMap<RegionName, Region>;

  private constructor(engine: Docker, name: string, topology: Topology, regions: Region[]) {
    this.#engine = engine;
    this.name = name;
    this.topology = topology;
    this.#regions = new Map(regions.map((region) => [region.name, region]));
  }

  /** The lab of this name, with everything running; what exists is kept, what lacks is made. */
  static async up(options: LabOptions = {}): Promise<Lab> {
    const { name = defaultLabName, binds = [], say = () => undefined } = options;
    const engine = await docker();
    const found = await Lab.find(name);
    const topology = options.topology ?? found?.topology ?? 'separate';
    const rgw = options.rgw ?? found?.rgw;
    if (found && (found.topology !== topology || found.rgw !== rgw)) {
      throw new Error(`lab ${name} is ${found.form}: run \`down\` before another is made.`);
    }
    if (rgw !== undefined && topology === 'stretched')
      throw new LabUnavailableError('An RGW has no part in a stretched Swift: separate it is.');
    const images = {
      swift: await ensureImage(engine, say),
      rgw: rgw && (await ensureImage(engine, say, 'rgw')),
    };
    const prefix = await ensureNetwork(engine, name);
    say(`starting east and west (${formOf(topology, rgw)}) on ${prefix}.0/24`);
    await Promise.all(
      regionNames.map((region) => {
        const objectStore = region === rgw ? 'rgw' : 'swift';
        const image = images[objectStore] ?? images.swift;
        return create(engine, { name, region, topology, objectStore, prefix, image, binds });
      }),
    );
    const lab = await Lab.find(name);
    if (!lab) throw new Error(`lab ${name} vanished while it came up`);
    await Promise.all(regionNames.map((region) => lab.start(region)));
    return lab;
  }

  static async find(name: string = defaultLabName): Promise<Lab | undefined> {
    const engine = await docker();
    const regions: Region[] = [];
    for (const region of regionNames) {
      const container = engine.getContainer(`${name}-${region}`);
      const info = await unless([404], container.inspect());
      const seen = info?.Config.Labels;
      if (!seen) return undefined;
      const topology = seen[labels.topology] as Topology;
      const address = seen[labels.address] ?? '';
      const objectStore = (seen[labels.objectStore] ?? 'swift') as ObjectStoreKind;
      regions.push(new Region(container, { name: region, address, topology, objectStore }));
    }
    const topology = regions[0]?.topology;
    return topology && new Lab(engine, name, topology, regions);
  }

  /** Removes the lab's containers and network, whatever state an earlier run left them in. */
  static async down(name: string = defaultLabName): Promise<void> {
    const engine = await docker();
    const filters = { label: [`${labels.lab}=${name}`] };
    const containers = await engine.listContainers({ all: true, filters });
    await Promise.all(
      containers.map(({ Id }) =>
        unless([404, 409], engine.getContainer(Id).remove({ force: true, v: true })),
      ),
    );
    if ((await networkPrefix(engine, name)) !== undefined) {
      await unless([404], engine.getNetwork(name).remove());
    }
  }

  region(name: RegionName): Region {
    const region = this.#regions.get(name);
    if (!region) throw new Error(`the lab has no region ${name}`);
    return region;
  }

  get regions(): Region[] {
    return [...this.#regions.values()];
  }

  get rgw(): RegionName | undefined {
    return this.regions.find(({ objectStore }) => objectStore === 'rgw')?.name;
  }

  /** What kind of lab it is, in words. */
  get form(): string {
    return formOf(this.topology, this.rgw);
  }

  /** Takes the region off the network: its processes run on, and nobody reaches them. */
  async cut(name: RegionName): Promise<void> {
    const { container, address } = this.region(name);
    const options = { Container: container.id, Force: true };
    await unless([403, 404, 500], this.#engine.getNetwork(this.name).disconnect(options));
    await waitFor(`${name} unreachable`, 60_000, async () => !(await answers(address, 'keystone')));
  }

  /** Puts a region that was cut off back, at its old address, and waits until it answers. */
  async heal(name: RegionName): Promise<void> {
    const region = this.region(name);
    if (!(await this.isConnected(name))) {
      await this.#engine.getNetwork(this.name).connect({
        Container: region.container.id,
        EndpointConfig: { IPAMConfig: { IPv4Address: region.address } },
      });
    }
    await waitForServices(region.address);
  }

  async isConnected(name: RegionName): Promise<boolean> {
    const info = await this.region(name).container.inspect();
    return info.NetworkSettings.Networks[this.name] !== undefined;
  }

  /** SIGKILL to every process of the region at once: a power cut. The disk stays. */
  async kill(name: RegionName): Promise<void> {
    await unless([409], this.region(name).container.kill());
  }

  /** Starts a region that was killed and waits until every service answers again. */
  async start(name: RegionName): Promise<void> {
    const region = this.region(name);
    await unless([304], region.container.start()); // 304: it runs already
    await waitFor(`${name} up`, bringupTimeoutMs, () => region.isUp());
    if (await this.isConnected(name)) await waitForServices(region.address);
  }

  /** Freezes every process: connections open, nothing answers. */
  async pause(name: RegionName): Promise<void> {
    await unless([409], this.region(name).container.pause());
  }

  async unpause(name: RegionName): Promise<void> {
    await unless([409], this.region(name).container.unpause());
    await waitForServices(this.region(name).address);
  }
}

function formOf(topology: Topology, rgw: RegionName | undefined): string {
  return rgw === undefined ? topology : `${topology}, RGW in ${rgw}`;
}

interface Plan {
  readonly name: string;
  readonly region: RegionName;
  readonly topology: Topology;
  readonly objectStore: ObjectStoreKind;
  readonly prefix: string;
  readonly image: string;
  readonly binds: readonly string[];
}

async function create(engine: Docker, plan: Plan): Promise<Container | undefined> {
  const { name, region, topology, objectStore, prefix, image, binds } = plan;
  const address = addressOf(region, prefix);
  // 409: it exists already, which is what we want.
  return await unless(
    [409],
    engine.createContainer({
      name: `${name}-${region}`,
      Hostname: region,
      Image: image,
      Env: [
        `LAB_REGION=${region}`,
        `LAB_TOPOLOGY=${topology}`,
        `LAB_OBJECT_STORE=${objectStore}`,
        `LAB_IP=${address}`,
        `LAB_EAST_IP=${addressOf('east', prefix)}`,
        `LAB_WEST_IP=${addressOf('west', prefix)}`,
      ],
      Labels: {
        [labels.lab]: name,
        [labels.region]: region,
        [labels.topology]: topology,
        [labels.objectStore]: objectStore,
        [labels.address]: address,
      },
      // The one thing that needs these two: a bind mount that stands in for an NFS share.
      HostConfig: {
        CapAdd: ['SYS_ADMIN'],
        SecurityOpt: ['seccomp=unconfined'],
        NetworkMode: name,
        Binds: [...binds],
      },
      NetworkingConfig: {
        EndpointsConfig: { [name]: { IPAMConfig: { IPv4Address: address } } },
      },
    }),
  );
}
