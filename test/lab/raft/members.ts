import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { SiteNetwork } from './site-network.ts';

const clientPort = 2379;
const peerPort = 2380;

/** What can befall a member, and each is undone by `recover`. */
export const faults = ['kill', 'stop', 'cut', 'isolate'] as const;
export type Fault = (typeof faults)[number];

/** One etcd member in each site of the network, with the timings that a managed member has. */
export class Members {
  readonly sites: readonly string[];
  readonly #network: SiteNetwork;
  readonly #directory: string;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #faults = new Map<string, Fault>();

  private constructor(network: SiteNetwork, sites: readonly string[], directory: string) {
    this.#network = network;
    this.sites = sites;
    this.#directory = directory;
  }

  /** Resolves when there is a leader. */
  static async start(
    network: SiteNetwork,
    sites: readonly string[],
    directory: string,
  ): Promise<Members> {
    const members = new Members(network, sites, directory);
    for (const site of sites) members.#run(site);
    await members.leader();
    return members;
  }

  endpoint(site: string): string {
    return `${this.#network.address(site)}:${clientPort}`;
  }

  get endpoints(): readonly string[] {
    return this.sites.map((site) => this.endpoint(site));
  }

  /** Waits until one of those that run and are reached calls itself so. */
  async leader(): Promise<string> {
    for (let tries = 0; tries < 300; tries += 1) {
      const claims = await Promise.all(this.sites.map((site) => this.#isLeader(site)));
      const found = this.sites.find((_, at) => claims[at]);
      if (found !== undefined) return found;
      await sleep(100);
    }
    throw new Error('the members elected nobody');
  }

  /** `isolate`: its clients reach it, the other members don't. */
  async inflict(site: string, fault: Fault): Promise<void> {
    if (this.#faults.has(site)) throw new Error(`${site} has a fault already`);
    this.#faults.set(site, fault);
    switch (fault) {
      case 'kill':
        return this.#end(site);
      case 'stop':
        this.#process(site).kill('SIGSTOP');
        return;
      case 'cut':
        return this.#network.cut(site);
      case 'isolate':
        return this.#network.block(site, peerPort);
    }
  }

  /** Nothing when it has no fault. */
  async recover(site: string): Promise<void> {
    const fault = this.#faults.get(site);
    this.#faults.delete(site);
    switch (fault) {
      case 'kill':
        this.#run(site);
        return;
      case 'stop':
        this.#process(site).kill('SIGCONT');
        return;
      case 'cut':
        return this.#network.heal(site);
      case 'isolate':
        return this.#network.unblock(site, peerPort);
      case undefined:
        return;
    }
  }

  /** The network is the caller's to close. */
  async close(): Promise<void> {
    for (const site of this.sites) if (this.#processes.has(site)) await this.#end(site);
  }

  #run(site: string): void {
    const address = this.#network.address(site);
    const peers = this.sites.map(
      (each) => `${each}=http://${this.#network.address(each)}:${peerPort}`,
    );
    const child = this.#network.spawn(
      site,
      'etcd',
      [
        ...['--name', site, '--data-dir', join(this.#directory, site)],
        ...['--listen-client-urls', `http://${address}:${clientPort}`],
        ...['--advertise-client-urls', `http://${address}:${clientPort}`],
        ...['--listen-peer-urls', `http://${address}:${peerPort}`],
        ...['--initial-advertise-peer-urls', `http://${address}:${peerPort}`],
        ...['--initial-cluster', peers.join(','), '--initial-cluster-token', 'lab'],
        ...['--heartbeat-interval', '100', '--election-timeout', '1000', '--pre-vote'],
        ...['--grpc-keepalive-min-time', '1s', '--logger', 'zap', '--log-outputs', 'stderr'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const log = createWriteStream(join(this.#directory, `${site}.log`), { flags: 'a' });
    child.stderr?.pipe(log);
    this.#processes.set(site, child);
  }

  async #end(site: string): Promise<void> {
    const child = this.#process(site);
    this.#processes.delete(site);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #process(site: string): ChildProcess {
    const child = this.#processes.get(site);
    if (child === undefined) throw new Error(`no member runs in ${site}`);
    return child;
  }

  async #isLeader(site: string): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(500);
      const response = await fetch(`http://${this.endpoint(site)}/metrics`, { signal });
      return /^etcd_server_is_leader 1$/m.test(await response.text());
    } catch {
      return false; // it does not run, or is not reached
    }
  }
}
