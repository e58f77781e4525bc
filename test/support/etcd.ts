import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface EtcdOptions {
  readonly heartbeatMs?: number;
  readonly electionMs?: number;
  /** Further flags for each member. */
  readonly args?: readonly string[];
  /** Files: clients must have a certificate of the authority, and get this one. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Tests that need it are skipped, visibly, only where it is not installed. */
export const hasEtcd = spawnSync('etcd', ['--version']).status === 0;

interface MemberPlan {
  readonly name: string;
  readonly directory: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Health and metrics, without TLS. */
  readonly metricsPort: number;
}

/** One real etcd member on loopback. It keeps its ports and its directory over stops and starts. */
export class EtcdMember {
  readonly name: string;
  readonly clientPort: number;
  readonly #plan: MemberPlan;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;

  constructor(plan: MemberPlan, flags: readonly string[]) {
    this.name = plan.name;
    this.clientPort = plan.clientPort;
    this.#plan = plan;
    this.#flags = flags;
  }

  /** `host:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.clientPort}`;
  }

  get directory(): string {
    return this.#plan.directory;
  }

  /** Does not wait until it answers. */
  start(): void {
    const log = openSync(join(this.directory, 'log'), 'a');
    const child = spawn('etcd', this.#flags, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
  }

  /** Until it takes part in a quorum, however long that is. Throws when it ended. */
  async ready(): Promise<void> {
    while (!(await this.#isHealthy())) {
      if (this.#child?.exitCode != null)
        throw new Error(`${this.name} did not start:\n${await this.log()}`);
      await delay(50);
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  /** It hangs: connections to it stay, and nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async isLeader(): Promise<boolean> {
    const metrics = await this.#fetch('metrics');
    return metrics.includes('\netcd_server_is_leader 1');
  }

  log(): Promise<string> {
    return readFile(join(this.directory, 'log'), 'utf8');
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await this.#fetch('health')).includes('"true"');
    } catch {
      return false;
    }
  }

  async #fetch(path: string): Promise<string> {
    const signal = AbortSignal.timeout(1000);
    return (await fetch(`${metricsUrl(this.#plan)}/${path}`, { signal })).text();
  }
}

/** Members that form one cluster; each in a directory of its own below one that `stop` removes. */
export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  readonly #directory: string;

  private constructor(directory: string, members: readonly EtcdMember[]) {
    this.#directory = directory;
    this.members = members;
  }

  static async start(size = 1, options: EtcdOptions = {}): Promise<EtcdCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'farshore-etcd-'));
    const ports = await freePorts(3 * size);
    const plans = Array.from({ length: size }, (_, n) => ({
      name: `m${n}`,
      directory: join(directory, `m${n}`),
      clientPort: ports[3 * n] ?? 0,
      peerPort: ports[3 * n + 1] ?? 0,
      metricsPort: ports[3 * n + 2] ?? 0,
    }));
    const all = plans.map(({ name, peerPort }) => `${name}=${peerUrl(peerPort)}`).join(',');
    const members = plans.map((plan) => new EtcdMember(plan, flagsOf(plan, all, options)));
    const cluster = new EtcdCluster(directory, members);
    for (const { directory: path } of plans) await mkdir(path, { mode: 0o700 });
    for (const member of members) member.start();
    try {
      await Promise.all(members.map((member) => member.ready()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** `host:port` of each. */
  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  async leader(): Promise<EtcdMember> {
    for (;;) {
      for (const member of this.members)
        if (await member.isLeader().catch(() => false)) return member;
      await delay(50);
    }
  }

  /** Ends all of them and removes what they wrote. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function flagsOf(plan: MemberPlan, cluster: string, options: EtcdOptions): readonly string[] {
  const { heartbeatMs = 100, electionMs = 1000, args = [], tls } = options;
  const client = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${plan.clientPort}`;
  const flags = {
    name: plan.name,
    'data-dir': join(plan.directory, 'data'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-metrics-urls': metricsUrl(plan),
    'listen-peer-urls': peerUrl(plan.peerPort),
    'initial-advertise-peer-urls': peerUrl(plan.peerPort),
    'initial-cluster': cluster,
    'initial-cluster-state': 'new',
    'heartbeat-interval': heartbeatMs,
    'election-timeout': electionMs,
    logger: 'zap',
    'log-level': 'warn',
  };
  const secrets =
    tls === undefined
      ? {}
      : {
          'client-cert-auth': true,
          'trusted-ca-file': tls.ca,
          'cert-file': tls.cert,
          'key-file': tls.key,
        };
  const all = Object.entries({ ...flags, ...secrets });
  return [...all.map(([name, value]) => `--${name}=${value}`), ...args];
}

function metricsUrl({ metricsPort }: MemberPlan): string {
  return `http://127.0.0.1:${metricsPort}`;
}

function peerUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
