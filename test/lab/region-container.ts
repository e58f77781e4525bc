import { type ExecOptions, type ExecResult, execIn } from './exec.ts';
import type { Container } from './runtime.ts';
import type { ObjectStoreKind, RegionName, Topology } from './topology.ts';

/** The services that can be stopped and started alone; names as in the image's supervisord.conf. */
export type RegionService =
  | 'mariadb'
  | 'memcached'
  | 'rabbitmq'
  | 'keystone'
  | 'glance-api'
  | `cinder-${'api' | 'scheduler' | 'volume' | 'backup'}`
  | `swift-${'proxy' | 'account' | 'container' | 'object'}`
  | `swift-${'account' | 'container' | 'object'}-replicator`
  | `swift-${'container' | 'object'}-updater`
  | 'swift-object-expirer'
  | `ceph-${'mon' | 'osd' | 'rgw'}`;

export interface RegionIdentity {
  readonly name: RegionName;
  readonly address: string;
  readonly topology: Topology;
  readonly objectStore: ObjectStoreKind;
}

/** A command inside a region ended with a status other than 0. */
export class RegionCommandError extends Error {
  override readonly name = 'RegionCommandError';
  readonly exitCode: number;

  constructor(region: RegionName, command: readonly string[], result: ExecResult) {
    const tail = (result.stderr || result.stdout).slice(-2000);
    const words = command.map((word) => (word.length > 60 ? '…' : word)).join(' ');
    super(`${region}: ${words} exited with ${result.exitCode}\n${tail}`);
    this.exitCode = result.exitCode;
  }
}

/** One region's container: commands inside it, and its services one by one. */
export class RegionContainer {
  readonly name: RegionName;
  readonly address: string;
  readonly topology: Topology;
  readonly objectStore: ObjectStoreKind;
  readonly container: Container;

  constructor(container: Container, identity: RegionIdentity) {
    this.container = container;
    this.name = identity.name;
    this.address = identity.address;
    this.topology = identity.topology;
    this.objectStore = identity.objectStore;
  }

  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execIn(this.container, command, options);
  }

  /** As `exec`, but a status other than 0 throws; gives standard output. */
  async run(command: readonly string[], options?: ExecOptions): Promise<string> {
    const result = await this.exec(command, options);
    if (result.exitCode !== 0) throw new RegionCommandError(this.name, command, result);
    return result.stdout;
  }

  /** Stops it (SIGTERM, after 5 s SIGKILL); it stays down until `startService` or a restart. */
  async stopService(service: RegionService): Promise<void> {
    await this.run(['supervisorctl', 'stop', service]);
  }

  /** Starts it and returns at once: `waitForServices` knows when it answers. */
  async startService(service: RegionService): Promise<void> {
    await this.run(['supervisorctl', 'start', service]);
  }

  /** Kills it with SIGKILL; supervisord starts it again within a second. */
  async crashService(service: RegionService): Promise<void> {
    await this.run(['supervisorctl', 'signal', 'KILL', service]);
  }

  async isServiceRunning(service: RegionService): Promise<boolean> {
    return (await this.exec(['supervisorctl', 'status', service])).stdout.includes(' RUNNING ');
  }

  /** Whether every service came up since the container started; throws when that failed. */
  async isUp(): Promise<boolean> {
    const { stdout } = await this.exec(['ls', '/run/lab']);
    if (stdout.includes('failed')) {
      throw new Error(`${this.name} did not come up:\n${await this.bringupLog()}`);
    }
    return stdout.includes('ready');
  }

  async bringupLog(): Promise<string> {
    return (await this.exec(['tail', '-n', '40', '/var/log/lab/bringup.log'])).stdout;
  }
}
