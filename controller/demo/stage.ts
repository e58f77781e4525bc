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
import { leanStart } from '../cli/lean-memory.ts';
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
  #isClosing = false;

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
    // So that no other is looked for: what the user has for real clouds is not the demo's.
    await writeFile(join(this.directory, 'secure.yaml'), stringify({ clouds: {} }));
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
    const args = ['--config', 'farshore.yaml', 'serve'];
    const { url } = await this.#start('controller', 'controller', args);
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
    this.#sites.delete(site);
    await process.kill();
    await region.close();
  }

  /** Of all processes up to now, this one included; ends the watch. */
  memoryPeak(): Promise<MemoryPeak> {
    this.#watching.abort();
    return this.#memory;
  }

  /** Ends all that was started, what is still starting too; nothing can be started any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#watching.abort();
    // The controller before the regions that it talks to.
    for (const process of this.#processes.toReversed()) await process.stop(systemClock);
    for (const { region } of this.#sites.values()) await region.close();
  }

  async #startRegion(name: Site): Promise<{ readonly process: Process; readonly url: string }> {
    const data = this.#regionDirectory(name);
    await mkdir(data, { recursive: true });
    // Smaller than cinder-backup's own, for a laptop's memory.
    const size = ['--chunk-mib', '8'];
    const args = ['region', 'serve', '--name', name, '--port', '0', '--data', data, ...size];
    return this.#start('region', name, args);
  }

  async #start(
    kind: 'controller' | 'region',
    name: string,
    args: readonly string[],
  ): Promise<{ readonly process: Process; readonly url: string }> {
    if (this.#isClosing) throw new Error('the demo is being closed');
    const { flags, env } = leanStart(kind);
    const process = new Process({
      name,
      args,
      flags,
      env: withoutSettings(env),
      cwd: this.directory,
      logFile: join(this.directory, `${name}.log`),
    });
    this.#processes.push(process);
    return { process, url: await process.address() };
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

/** Whoever runs the demo may have real clouds and a real controller in their environment. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(OS_|FARSHORE_)/.test(name)));
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
