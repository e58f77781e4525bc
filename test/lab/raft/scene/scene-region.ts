import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { volumeFile } from '../../../../regions/embedded/block-storage/volume-file.ts';
import { loadClouds } from '../../../../regions/identity/clouds.ts';
import { openRegion } from '../../../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../../../regions/region-config.ts';
import type { ProjectScope, Region } from '../../../../regions/region.ts';
import { ambient } from '../../environment.ts';
import type { SiteNetwork } from '../site-network.ts';
import type { LoggedRequest } from './request-log.ts';
import type { SiteProcesses } from './site-processes.ts';

const port = 5000;
const innerPort = 5001;
const controlPort = 5002;
const main = join(import.meta.dirname, '..', '..', '..', '..', 'controller', 'cli', 'main.ts');
const requestLog = join(import.meta.dirname, 'request-log.ts');

export type RegionName = 'east' | 'west';

/** An entry of clouds.yaml. */
export function cloudOf(name: RegionName, address: string): object {
  return {
    auth: {
      auth_url: `http://${address}:${port}/v3`,
      username: 'admin',
      password: 'secret',
      project_name: 'demo',
      user_domain_id: 'default',
      project_domain_id: 'default',
    },
    region_name: name,
    identity_api_version: 3,
  };
}

/** An embedded region in a site of its own, with every request that may change it written down. */
export class SceneRegion {
  readonly scope: ProjectScope;
  readonly #region: Region;
  readonly #directory: string;
  readonly #control: string;

  private constructor(region: Region, scope: ProjectScope, directory: string, control: string) {
    this.#region = region;
    this.scope = scope;
    this.#directory = directory;
    this.#control = control;
  }

  /** `cloudsDirectory` holds the clouds.yaml that names it. */
  static async start(
    name: RegionName,
    site: string,
    cloudsDirectory: string,
    { network, processes }: { network: SiteNetwork; processes: SiteProcesses },
  ): Promise<SceneRegion> {
    const directory = join(cloudsDirectory, `region-${name}`);
    await mkdir(directory);
    const base = { cwd: directory, logFile: `${directory}.log` };
    const address = network.address(site);
    const options = ['--name', name, '--data', directory, '--chunk-mib', '8'];
    const ports = ['--port', String(innerPort), '--control-port', String(controlPort)];
    await processes.listening(site, {
      ...base,
      args: [main, 'region', 'serve', ...options, ...ports],
    });
    const relayed = (script: string, from: number, to: number, ...rest: string[]) =>
      processes.listening(site, {
        ...base,
        args: [script, address, String(from), String(to), ...rest],
      });
    await relayed(requestLog, port, innerPort, `${directory}.requests`);
    const relay = join(import.meta.dirname, 'relay.ts');
    await relayed(relay, controlPort, controlPort);
    const clouds = await loadClouds({
      env: { OS_CLIENT_CONFIG_FILE: join(cloudsDirectory, 'clouds.yaml') },
      cwd: cloudsDirectory,
    });
    const cloud = await clouds.get(name);
    const settings = {
      name,
      cloud,
      regionName: name,
      swiftCluster: name,
      maxCalls: defaultMaxCalls,
    };
    const region = openRegion(settings, { ambient });
    const control = `http://${address}:${controlPort}`;
    return new SceneRegion(region, await region.home(), directory, control);
  }

  readonly fileOf = (volume: string): string => volumeFile(this.#directory, volume);

  /** Answers come so much later: what is under way can be met in its middle. */
  async slowDown(latencyMs: number): Promise<void> {
    const response = await fetch(`${this.#control}/conditions`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ latencyMs }),
    });
    if (!response.ok) throw new Error(`conditions of a region: ${await response.text()}`);
  }

  /** All requests so far that were to change something, in the order of their answers. */
  async requests(): Promise<readonly LoggedRequest[]> {
    const text = await readFile(`${this.#directory}.requests`, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LoggedRequest);
  }

  async close(): Promise<void> {
    await this.#region.close();
  }
}
