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
import { type MemoryPeak, watchMemory } from './memory.ts';
import { Process } from './processes.ts';

export type Site = 'east' | 'west';

interface OpenSite {
  readonly process: Process;
  readonly region: Region;
  readonly scope: ProjectScope;
}

/** Two regions and the controller, each a process of its own, with all that they keep in one directory. */
export class Stage {
  readonly directory: string;
  readonly #processes: Process[] = [];
  readonly #sites = new Map<Site, OpenSite>();
  readonly #watching = new AbortController();
  readonly #memory: Promise<MemoryPeak>;

  constructor(directory: string) {
    this.directory = directory;
    this.#memory = watchMemory(() => this.#pids(), systemClock, this.#watching.signal);
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
    const { url } = await this.#start('controller', ['serve']);
    return new ApiClient(url);
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
    await process.end('SIGKILL');
    await region.close();
    this.#sites.delete(site);
  }

  /** Of all processes up to now, this one included; ends the watch. */
  memoryPeak(): Promise<MemoryPeak> {
    this.#watching.abort();
    return this.#memory;
  }

  async close(): Promise<void> {
    await this.memoryPeak();
    for (const { region } of this.#sites.values()) await region.close();
    // The controller before the regions that it talks to.
    for (const process of this.#processes.toReversed()) await process.end('SIGTERM');
  }

  async #startRegion(name: Site): Promise<{ readonly process: Process; readonly url: string }> {
    const data = this.#regionDirectory(name);
    await mkdir(data, { recursive: true });
    // Smaller than cinder-backup's own, for a laptop's memory.
    const size = ['--chunk-mib', '8'];
    const args = ['region', 'serve', '--name', name, '--port', '0', '--data', data, ...size];
    return this.#start(name, args);
  }

  async #start(
    name: string,
    args: readonly string[],
  ): Promise<{ readonly process: Process; readonly url: string }> {
    const { process, match } = await Process.start(name, args, {
      cwd: this.directory,
      logFile: join(this.directory, `${name}.log`),
      ready: /listens on (http:\S+)/,
    });
    this.#processes.push(process);
    return { process, url: match[1] ?? '' };
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

  #pids(): ReadonlyMap<string, number> {
    const running = this.#processes.flatMap(({ name, pid }) =>
      pid === undefined ? [] : [[name, pid] as const],
    );
    return new Map([['demo', process.pid], ...running]);
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
