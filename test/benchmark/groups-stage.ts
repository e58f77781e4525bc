import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import { systemClock } from '../../kernel/clock.ts';
import { ApiClient } from '../../controller/cli/api-client.ts';
import { leanStart } from '../../controller/cli/lean-memory.ts';
import { Process } from '../../controller/demo/processes.ts';
import { issueToken } from '../support/token.ts';

/** Containers that are made at once. */
const filledAtOnce = 16;
const sessionsAtOnce = 100;

export interface ControllerProcess {
  readonly process: Process;
  readonly url: string;
  readonly client: ApiClient;
}

/** Two embedded regions with many small containers, and a controller that protects them. */
export class GroupsStage {
  readonly directory: string;
  readonly #started: Process[] = [];

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Region east with so many containers of one object each, and an empty west. */
  async openRegions(containers: number): Promise<void> {
    const urls = { east: await this.#region('east'), west: await this.#region('west') };
    const entry = (name: 'east' | 'west') => ({
      auth: {
        auth_url: `${urls[name]}/v3`,
        username: 'admin',
        password: 'secret',
        project_name: 'demo',
        user_domain_id: 'default',
        project_domain_id: 'default',
      },
      region_name: name,
      identity_api_version: 3,
    });
    const clouds = { east: entry('east'), west: entry('west') };
    await writeFile(join(this.directory, 'clouds.yaml'), stringify({ clouds }), { mode: 0o600 });
    await writeFile(join(this.directory, 'secure.yaml'), stringify({ clouds: {} }));
    await fill(urls.east, containers);
  }

  /** With `etcd` (`host:port`) its state lies there; else on its disk. */
  async startController(name: string, etcd?: string): Promise<ControllerProcess> {
    const config = {
      dataDir: join(this.directory, name),
      api: { listen: '127.0.0.1:0' },
      log: { level: 'warn' },
      limits: { sessions: sessionsAtOnce },
      regions: {
        east: { cloud: 'east', maxCalls: 32 },
        west: { cloud: 'west', maxCalls: 32 },
      },
      ...(etcd === undefined
        ? {}
        : { raft: { site: 'west', region: 'west', etcd: { endpoints: [`http://${etcd}`] } } }),
    };
    const file = `${name}.yaml`;
    await writeFile(join(this.directory, file), stringify(config));
    const process = this.#start('controller', name, ['--config', file, 'serve']);
    const url = await process.address();
    return { process, url, client: new ApiClient(url) };
  }

  async stop(process: Process): Promise<void> {
    await process.stop(systemClock);
  }

  async close(): Promise<void> {
    for (const process of this.#started.toReversed()) await process.stop(systemClock);
  }

  async #region(name: string): Promise<string> {
    const data = join(this.directory, name);
    await mkdir(data, { recursive: true });
    const args = ['region', 'serve', '--name', name, '--port', '0', '--data', data];
    return this.#start('region', name, args).address();
  }

  #start(kind: 'controller' | 'region', name: string, args: readonly string[]): Process {
    const { flags, env } = leanStart(kind);
    const settings = /^(OS_|FARSHORE_)/;
    const process = new Process({
      name,
      args,
      flags,
      env: Object.fromEntries(Object.entries(env).filter(([key]) => !settings.test(key))),
      cwd: this.directory,
      logFile: join(this.directory, `${name}.log`),
    });
    this.#started.push(process);
    return process;
  }
}

export function containerName(index: number): string {
  return `box-${String(index).padStart(6, '0')}`;
}

async function fill(url: string, containers: number): Promise<void> {
  const { token, projectId } = await issueToken(url);
  const account = `${url}/v1/AUTH_${projectId}`;
  const dispatcher = new Agent({ connections: filledAtOnce });
  const put = async (path: string, body?: string) => {
    const headers = { 'x-auth-token': token };
    const options = { method: 'PUT', headers, dispatcher, body: body ?? null } as const;
    const response = await request(`${account}/${path}`, options);
    await response.body.dump();
    if (response.statusCode >= 300) throw new Error(`PUT ${path}: ${response.statusCode}`);
  };
  const queue = new PQueue({ concurrency: filledAtOnce });
  await queue.addAll(
    Array.from({ length: containers }, (_, index) => async () => {
      const name = containerName(index);
      await put(name);
      await put(`${name}/object`, `content of ${name}`);
    }),
  );
  await dispatcher.close();
}
