import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import type { SiteNetwork } from '../site-network.ts';
import { ended, type SiteProcesses } from './site-processes.ts';

const apiPort = 8470;
const relayPort = 8471;
const peerPort = 2380;
const main = join(import.meta.dirname, '..', '..', '..', '..', 'controller', 'cli', 'main.ts');
const relay = join(import.meta.dirname, 'relay.ts');

/** What can befall a controller's process, or its etcd member, and is undone by `recover`. */
export interface Fault {
  readonly victim: 'controller' | 'member';
  readonly kind: 'killed' | 'stopped' | 'cut off';
}

export const faults: readonly Fault[] = (['controller', 'member'] as const).flatMap((victim) =>
  (['killed', 'stopped', 'cut off'] as const).map((kind) => ({ victim, kind })),
);

/** A controller with a managed member in a site: `farshore serve` as an operator runs it. */
export class SceneController {
  readonly site: string;
  readonly directory: string;
  readonly url: string;
  readonly #network: SiteNetwork;
  readonly #processes: SiteProcesses;
  #child: ChildProcess | null = null;
  #stoppedMember: number | null = null;

  constructor(
    site: string,
    directory: string,
    { network, processes }: { network: SiteNetwork; processes: SiteProcesses },
  ) {
    this.site = site;
    this.directory = join(directory, `controller-${site}`);
    this.url = `http://${network.address(site)}:${relayPort}`;
    this.#network = network;
    this.#processes = processes;
  }

  /** Its configuration, and the way to its API from outside the site. */
  async prepare(config: object): Promise<void> {
    await mkdir(this.directory);
    const settings = { dataDir: 'state', api: { listen: `127.0.0.1:${apiPort}` }, ...config };
    await writeFile(join(this.directory, 'farshore.yaml'), stringify(settings));
    await this.#processes.listening(this.site, {
      args: [relay, this.#network.address(this.site), String(relayPort), String(apiPort)],
      cwd: this.directory,
      logFile: join(this.directory, 'relay.log'),
    });
  }

  cli(...args: readonly string[]): Promise<string> {
    return this.#processes.run(this.site, { args: [main, ...args], cwd: this.directory });
  }

  /** Resolves when its API listens; it need not be ready. */
  async start(): Promise<void> {
    this.#child = await this.#processes.listening(this.site, {
      args: [main, 'serve'],
      cwd: this.directory,
      logFile: join(this.directory, 'farshore.log'),
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    child.kill('SIGTERM');
    await ended(child);
  }

  async inflict({ victim, kind }: Fault): Promise<void> {
    if (kind === 'cut off')
      // Cut off from the other members, a member has no majority; this site's controller is not alone.
      return victim === 'controller'
        ? this.#network.cut(this.site)
        : this.#network.block(this.site, peerPort);
    const pid = victim === 'controller' ? this.#pid : await this.#memberPid();
    process.kill(pid, kind === 'killed' ? 'SIGKILL' : 'SIGSTOP');
    if (victim === 'member' && kind === 'stopped') this.#stoppedMember = pid;
  }

  /** A member that was killed is started again by its controller. */
  async recover({ victim, kind }: Fault): Promise<void> {
    if (kind === 'cut off')
      return victim === 'controller'
        ? this.#network.heal(this.site)
        : this.#network.unblock(this.site, peerPort);
    if (kind === 'killed') {
      if (victim === 'controller') await this.start();
      return;
    }
    process.kill(victim === 'controller' ? this.#pid : this.#stoppedMember!, 'SIGCONT');
  }

  /** `/readyz`, which a load balancer goes by. */
  async isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(2_000);
    const response = await fetch(`${this.url}/readyz`, { signal }).catch(() => null);
    return response?.ok === true;
  }

  async log(): Promise<string> {
    return readFile(join(this.directory, 'farshore.log'), 'utf8');
  }

  get #pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`no controller runs in ${this.site}`);
    return this.#child.pid;
  }

  async #memberPid(): Promise<number> {
    const found = await this.#network.processes(this.site, 'etcd');
    if (found.length !== 1) throw new Error(`${found.length} etcd processes run in ${this.site}`);
    return found[0]!;
  }
}
