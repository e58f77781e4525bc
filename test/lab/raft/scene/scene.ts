import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { ApiClient } from '../../../../controller/cli/api-client.ts';
import { waitFor } from '../../probe.ts';
import { SiteNetwork } from '../site-network.ts';
import { SceneController } from './scene-controller.ts';
import { cloudOf, SceneRegion } from './scene-region.ts';
import { SiteProcesses } from './site-processes.ts';

export const sites = ['east', 'west', 'witness'] as const;
export type Site = (typeof sites)[number];

/** Regions stand beside the controllers' sites, not in them: a controller that is cut off is, alone. */
const regionSites = { east: 'eastern', west: 'western' } as const;

interface ClusterView {
  readonly leader: { readonly site: string } | null;
  readonly controllers: readonly { readonly site: string }[];
}

/** Three controllers with managed members, and two embedded regions, each in a network of its own. */
export class ControllersScene {
  readonly directory: string;
  readonly network: SiteNetwork;
  readonly regions: Readonly<Record<'east' | 'west', SceneRegion>>;
  readonly controllers: Readonly<Record<Site, SceneController>>;

  private constructor(
    directory: string,
    network: SiteNetwork,
    regions: ControllersScene['regions'],
    controllers: ControllersScene['controllers'],
  ) {
    this.directory = directory;
    this.network = network;
    this.regions = regions;
    this.controllers = controllers;
  }

  /** The regions run; the members are made, as an operator makes them, and not started. */
  static async open(): Promise<ControllersScene> {
    const directory = await mkdtemp(join(tmpdir(), 'farshore-controllers-'));
    const network = await SiteNetwork.open([...sites, regionSites.east, regionSites.west]);
    try {
      const base = { network, processes: new SiteProcesses(network) };
      const clouds = {
        east: cloudOf('east', network.address(regionSites.east)),
        west: cloudOf('west', network.address(regionSites.west)),
      };
      await writeFile(join(directory, 'clouds.yaml'), stringify({ clouds }));
      await writeFile(join(directory, 'secure.yaml'), stringify({ clouds: {} }));
      const [east, west] = await Promise.all([
        SceneRegion.start('east', regionSites.east, directory, base),
        SceneRegion.start('west', regionSites.west, directory, base),
      ]);
      const controllers = {
        east: new SceneController('east', directory, base),
        west: new SceneController('west', directory, base),
        witness: new SceneController('witness', directory, base),
      };
      const scene = new ControllersScene(directory, network, { east, west }, controllers);
      await scene.#makeMembers();
      return scene;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Resolves when all are ready. */
  async start(): Promise<void> {
    await Promise.all(sites.map((site) => this.controllers[site].start()));
    await waitFor('all controllers ready', 240_000, () => this.isWhole());
  }

  /** Every controller is ready and knows of the others and of one leader. */
  async isWhole(): Promise<boolean> {
    const views = await Promise.all(sites.map((site) => this.#view(site)));
    const ready = await Promise.all(sites.map((site) => this.controllers[site].isReady()));
    return (
      ready.every(Boolean) &&
      views.every((view) => view?.leader && view.controllers.length === sites.length)
    );
  }

  /** Whoever leads in its stead is started anew, until it does; with `withMember` its etcd member leads too. */
  async letLead(site: Site, { withMember }: { readonly withMember: boolean }): Promise<void> {
    for (let tries = 0; tries < 12; tries += 1) {
      await waitFor('all controllers there', 240_000, () => this.isWhole());
      const leaders = [(await this.#view(site))?.leader?.site];
      if (withMember) leaders.push(await this.#raftLeader(site));
      const other = sites.find((each) => each !== site && leaders.includes(each));
      if (other === undefined) return;
      await this.controllers[other].stop();
      await this.controllers[other].start();
    }
    throw new Error(`${site} does not come to lead`);
  }

  client(site: Site): ApiClient {
    return new ApiClient(this.controllers[site].url);
  }

  /** What each controller answers and said last, for whoever asks why a test failed. */
  async story(): Promise<string> {
    const told = sites.map(async (site) => {
      const view = JSON.stringify(await this.#view(site));
      const isReady = await this.controllers[site].isReady();
      const lines = (await this.controllers[site].log()).split('\n').slice(-25);
      return [`${site}: ready ${isReady}, ${view}`, ...lines].join('\n        ');
    });
    return (await Promise.all(told)).join('\n      ');
  }

  async close(): Promise<void> {
    await Promise.all(sites.map((site) => this.controllers[site].stop()));
    for (const region of Object.values(this.regions)) await region.close();
    await this.network.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Null while the controller there does not answer. */
  async #view(site: Site): Promise<ClusterView | null> {
    const signal = AbortSignal.timeout(2_000);
    const url = `${this.controllers[site].url}/v1/cluster`;
    const response = await fetch(url, { signal }).catch(() => null);
    return response?.ok === true ? ((await response.json()) as ClusterView) : null;
  }

  /** Where the etcd member is that leads. */
  async #raftLeader(asSeenIn: Site): Promise<string | undefined> {
    const text = await this.controllers[asSeenIn].cli('-o', 'json', 'raft', 'status');
    const status = JSON.parse(text) as {
      readonly sites: readonly { readonly site: string; readonly role: string }[];
    };
    return status.sites.find(({ role }) => role === 'leader')?.site;
  }

  async #makeMembers(): Promise<void> {
    const addresses = Object.fromEntries(sites.map((site) => [site, this.network.address(site)]));
    for (const site of sites) {
      const region = site === 'witness' ? {} : { region: site };
      // So few that what is under way lasts long enough to be met in its middle.
      const maxCalls = 8;
      const regions = { east: { cloud: 'east', maxCalls }, west: { cloud: 'west', maxCalls } };
      await this.controllers[site].prepare({
        raft: { site, ...region, sites: addresses, roundTripMs: 10 },
        regions,
      });
      for (const name of ['clouds.yaml', 'secure.yaml'])
        await copyFile(join(this.directory, name), join(this.controllers[site].directory, name));
    }
    const { east, west, witness } = this.controllers;
    await east.cli('raft', 'init', '--out', this.directory);
    for (const other of [west, witness])
      await other.cli('raft', 'join', join(this.directory, `farshore-${other.site}.bundle.json`));
  }
}
