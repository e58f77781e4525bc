import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import { volumeFile } from '../../regions/embedded/block-storage/volume-file.ts';
import { loadClouds } from '../../regions/identity/clouds.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../regions/region-config.ts';
import type { ProjectScope, Region } from '../../regions/region.ts';
import { ApiClient } from '../cli/api-client.ts';
import type { VolumeFile } from './dataset.ts';
import { peakMemoryBytes, Process } from './processes.ts';

export type Site = 'east' | 'west';

interface OpenSite {
  readonly process: Process;
  readonly region: Region;
  readonly scope: ProjectScope;
}

/** Two regions and the controller, each a process of its own, with all that they keep in one directory. */
export class Stage {
  readonly directory: string;
  readonly #sites = new Map<Site, OpenSite>();
  readonly #peaks = new Map<string, number>();
  #controller: { readonly process: Process; readonly client: ApiClient } | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  get cloudsFile(): string {
    return join(this.directory, 'clouds.yaml');
  }

  async openRegions(): Promise<void> {
    const [east, west] = await Promise.all([this.#startRegion('east'), this.#startRegion('west')]);
    const clouds = { east: cloudEntry('east', east.url), west: cloudEntry('west', west.url) };
    await writeFile(this.cloudsFile, stringify({ clouds }), { mode: 0o600 });
    await this.#openSite('east', east.process);
    await this.#openSite('west', west.process);
  }

  /** It runs in the secondary: a controller that dies with what it protects is worth nothing. */
  async startController(): Promise<ApiClient> {
    const config = {
      dataDir: join(this.directory, 'controller'),
      api: { listen: '127.0.0.1:0' },
      regions: { east: { cloud: 'east' }, west: { cloud: 'west' } },
    };
    await writeFile(join(this.directory, 'farshore.yaml'), stringify(config));
    const { process, match } = await this.#start('controller', ['serve'], /listens on (http:\S+)/);
    const client = new ApiClient(match[1] ?? '');
    this.#controller = { process, client };
    return client;
  }

  scope(site: Site): ProjectScope {
    return this.#open(site).scope;
  }

  fileOf(site: Site): VolumeFile {
    return (id) => volumeFile(this.#regionDirectory(site), id);
  }

  /** Without a warning, as a site is lost. */
  async kill(site: Site): Promise<void> {
    const { process, region } = this.#open(site);
    this.#notePeaks();
    await process.end('SIGKILL');
    await region.close();
    this.#sites.delete(site);
  }

  /** Of all processes together, this one included: the sum of each one's largest. */
  peakMemory(): { readonly total: number; readonly each: ReadonlyMap<string, number> } {
    this.#notePeaks();
    const total = [...this.#peaks.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { total, each: this.#peaks };
  }

  async close(): Promise<void> {
    await this.#controller?.process.end('SIGTERM');
    for (const { process, region } of this.#sites.values()) {
      await region.close();
      await process.end('SIGTERM');
    }
  }

  async #startRegion(name: Site): Promise<{ readonly process: Process; readonly url: string }> {
    const data = this.#regionDirectory(name);
    await mkdir(data, { recursive: true });
    const args = ['region', 'serve', '--name', name, '--port', '0', '--data', data];
    const { process, match } = await this.#start(name, args, /listens on (http:\S+)/);
    return { process, url: match[1] ?? '' };
  }

  #start(name: string, args: readonly string[], ready: RegExp) {
    const logFile = join(this.directory, `${name}.log`);
    return Process.start(name, args, { cwd: this.directory, logFile, ready });
  }

  async #openSite(name: Site, process: Process): Promise<void> {
    const env = { OS_CLIENT_CONFIG_FILE: this.cloudsFile };
    const clouds = await loadClouds({ env, cwd: this.directory });
    const cloud = await clouds.get(name);
    const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
    const region = openRegion(
      { name, cloud, regionName: name, swiftCluster: name, maxCalls: defaultMaxCalls },
      { ambient },
    );
    this.#sites.set(name, { process, region, scope: await region.home() });
  }

  #open(site: Site): OpenSite {
    const open = this.#sites.get(site);
    if (open === undefined) throw new Error(`region ${site} does not run`);
    return open;
  }

  #regionDirectory(site: Site): string {
    return join(this.directory, site);
  }

  #notePeaks(): void {
    const processes = [...this.#sites.values()].map((site) => site.process);
    if (this.#controller !== undefined) processes.push(this.#controller.process);
    this.#peaks.set('demo', peakMemoryBytes(process.pid));
    for (const each of processes)
      if (each.isRunning) this.#peaks.set(each.name, each.peakMemoryBytes());
  }
}

function cloudEntry(region: Site, url: string): object {
  return {
    auth: {
      auth_url: `${url}/v3`,
      username: 'admin',
      password: 'secret',
      project_name: 'demo',
      user_domain_id: 'default',
      project_domain_id: 'default',
    },
    region_name: region,
    identity_api_version: 3,
  };
}
