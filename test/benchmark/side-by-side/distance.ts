import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Region } from '../../lab/region.ts';
import { type ServiceName, servicePorts } from '../../lab/topology.ts';

const run = promisify(execFile);
const distant: readonly ServiceName[] = ['keystone', 'swift'];
/** Where the relay of a port listens. */
const relayed = (port: number): number => port + 10_000;

/** A process that leads connections to other ports, as `delay-relay.ts` says; in a network namespace if one is given. */
export class Relay {
  readonly ports: readonly number[];
  readonly #process: ChildProcess;

  private constructor(ports: readonly number[], process: ChildProcess) {
    this.ports = ports;
    this.#process = process;
  }

  static async open(
    roundTripMs: number,
    pairs: readonly string[],
    namespace: readonly string[] = [],
  ): Promise<Relay> {
    const script = join(import.meta.dirname, 'delay-relay.ts');
    const own = [process.execPath, script, String(roundTripMs), ...pairs];
    const [command = '', ...args] =
      namespace.length === 0 ? own : ['nsenter', ...namespace, ...own];
    const relay = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await Promise.race([
      once(createInterface({ input: relay.stdout }), 'line'),
      once(relay, 'exit').then(() => ['']),
    ])) as [string];
    if (!line.startsWith('listens on ')) throw new Error('the relay of the distance did not start');
    return new Relay(line.split(' ').slice(2).map(Number), relay);
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}

/**
 * Puts a region of the lab far away: connections to its Keystone and Swift are led, in its own network
 * namespace, through a relay that holds each byte for half the round trip. (netem would be plainer;
 * not every kernel has it.) As root.
 */
export class Distance {
  readonly #namespace: readonly string[];
  readonly #relay: Relay;

  private constructor(namespace: readonly string[], relay: Relay) {
    this.#namespace = namespace;
    this.#relay = relay;
  }

  static async open(region: Region, roundTripMs: number): Promise<Distance> {
    const { State } = await region.container.inspect();
    const namespace = ['--target', String(State.Pid), '--net'];
    const ports = distant.map((name) => servicePorts[name]);
    const pairs = ports.map((port) => `${relayed(port)}:${port}`);
    const distance = new Distance(namespace, await Relay.open(roundTripMs, pairs, namespace));
    // A run that was killed may have left its rules.
    await distance.#redirect('-D').catch(() => undefined);
    await distance.#redirect('-A');
    return distance;
  }

  async close(): Promise<void> {
    await this.#redirect('-D');
    await this.#relay.close();
  }

  async #redirect(action: '-A' | '-D'): Promise<void> {
    for (const name of distant) {
      const port = servicePorts[name];
      const match = ['-i', 'eth0', '-p', 'tcp', '--dport', String(port)];
      const target = ['-j', 'REDIRECT', '--to-ports', String(relayed(port))];
      const rule = ['-w', '-t', 'nat', action, 'PREROUTING', ...match, ...target];
      await run('nsenter', [...this.#namespace, 'iptables', ...rule]);
    }
  }
}
