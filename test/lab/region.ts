import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExecOptions } from './exec.ts';
import { answers, waitFor } from './probe.ts';
import { RegionContainer } from './region-container.ts';

export type { RegionService } from './region-container.ts';

export interface ClientOptions extends ExecOptions {
  /** Project that the request is scoped to; `demo` when left out. */
  readonly project?: string;
  /** `admin` when left out. */
  readonly user?: 'admin' | 'demo';
}

/** Verbs of the openstack command after which it can print JSON. */
const answering = /^(create|show|list|restore|export|import|issue)$/;

/** A region with the OpenStack clients that run inside it. */
export class Region extends RegionContainer {
  /** Runs the openstack command (1.5 to 2 s each); its parsed answer where it has one. */
  async openstack(args: readonly string[], options: ClientOptions = {}): Promise<unknown> {
    const json = args.some((arg) => answering.test(arg)) ? ['-f', 'json'] : [];
    const text = await this.run(['openstack', ...args, ...json], this.#scoped(options));
    return json.length > 0 && text.trim() !== '' ? JSON.parse(text) : text;
  }

  /** Runs the swift command; gives what it prints. */
  swift(args: readonly string[], options: ClientOptions = {}): Promise<string> {
    return this.run(['swift', '--auth-version', '3', ...args], this.#scoped(options));
  }

  /**
   * Runs a Python script with ready clients (`cinder()`, `glance()`, `swift()`, `session()`,
   * `wait()`, see scripts/clients.py) in one process: far cheaper than many openstack commands.
   * Gives what the script hands to `result(...)`; `sys.argv[1:]` are `args`.
   */
  async python(
    script: string,
    args: readonly string[] = [],
    options: ClientOptions = {},
  ): Promise<unknown> {
    const clients = await readFile(join(import.meta.dirname, 'scripts', 'clients.py'), 'utf8');
    const command = ['python3', '-c', `${clients}\n${script}`, ...args];
    const last = (await this.run(command, this.#scoped(options))).trim().split('\n').at(-1);
    return last ? JSON.parse(last) : undefined;
  }

  /** Runs one of this folder's scripts as it is; gives what it prints. */
  async script(name: string, args: readonly string[], options?: ExecOptions): Promise<string> {
    const text = await readFile(join(import.meta.dirname, 'scripts', name), 'utf8');
    return (await this.run(['python3', '-c', text, ...args], options)).trim();
  }

  /** Lifetime of the tokens issued from now on; restarts Keystone. Outlives a restart. */
  async setTokenLifetime(seconds: number): Promise<void> {
    const store = 'echo "$0" > /srv/token-seconds && /opt/lab/render.sh';
    await this.run(['bash', '-c', store, String(seconds)]);
    await this.run(['supervisorctl', 'restart', 'keystone']);
    await waitFor(`keystone of ${this.name}`, 240_000, () => answers(this.address, 'keystone'));
  }

  #scoped(options: ClientOptions): ExecOptions {
    const { project = 'demo', user = 'admin', env, ...rest } = options;
    return {
      ...rest,
      env: {
        OS_AUTH_URL: `http://${this.address}:5000/v3`,
        OS_USERNAME: user,
        OS_PASSWORD: 'secret',
        OS_PROJECT_NAME: project,
        OS_USER_DOMAIN_ID: 'default',
        OS_PROJECT_DOMAIN_ID: 'default',
        OS_REGION_NAME: this.name,
        OS_IDENTITY_API_VERSION: '3',
        ...env,
      },
    };
  }
}
