import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const namespacePattern = /^farshore-(\d+)-/;

/**
 * Sites as network namespaces of Linux, tied together by a bridge that stands for the way between
 * them; this process is on it too, at `<prefix>.1`. What is cut here is lost without a word, as on a
 * real line: connections stay open and hang. Needs root and `ip` (Debian: iproute2).
 */
export class SiteNetwork {
  readonly #id: string;
  readonly #prefix: string;
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(id: string, prefix: string, names: readonly string[]) {
    this.#id = id;
    this.#prefix = prefix;
    this.#addresses = new Map(names.map((name, at) => [name, `${prefix}.${11 + at}`]));
  }

  /** Names of up to 15 characters: interfaces are called by them. */
  static async open(names: readonly string[]): Promise<SiteNetwork> {
    await removeLeftovers();
    const network = new SiteNetwork(String(process.pid), freePrefix(), names);
    try {
      await network.#make();
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  address(site: string): string {
    const address = this.#addresses.get(site);
    if (address === undefined) throw new Error(`there is no site ${site}`);
    return address;
  }

  /** The process has the command's own id: signals reach it and nothing in between. */
  spawn(
    site: string,
    command: string,
    args: readonly string[],
    options: SpawnOptions,
  ): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.#namespace(site), command, ...args], options);
  }

  /** Ids of the processes in the site that run a program of this name. */
  async processes(site: string, program: string): Promise<readonly number[]> {
    const pids = lines(await ip('netns', 'pids', this.#namespace(site))).map(Number);
    const names = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')),
    );
    return pids.filter((_, at) => names[at]?.trim() === program);
  }

  /** From now on nothing comes in or goes out. */
  async cut(site: string): Promise<void> {
    await this.#setPort(site, 'disabled');
  }

  async heal(site: string): Promise<void> {
    await this.#setPort(site, 'forwarding');
  }

  /** Everything from and to this TCP port in the site is lost, its own loopback aside. */
  async block(site: string, port: number): Promise<void> {
    for (const rule of blocking(port)) await this.#iptables(site, '-I', rule);
  }

  async unblock(site: string, port: number): Promise<void> {
    for (const rule of blocking(port)) await this.#iptables(site, '-D', rule);
  }

  /** Ends whatever still runs in the sites and removes them. */
  async close(): Promise<void> {
    for (const name of [...this.#addresses.keys(), 'way']) await remove(this.#namespace(name));
  }

  async #make(): Promise<void> {
    const way = this.#namespace('way');
    await ip('netns', 'add', way);
    await ip('-n', way, 'link', 'add', 'bridge', 'type', 'bridge');
    await ip('-n', way, 'link', 'set', 'bridge', 'up');
    const host = `fs${this.#id}`;
    await ip('link', 'add', host, 'type', 'veth', 'peer', 'name', 'host', 'netns', way);
    await ip('-n', way, 'link', 'set', 'host', 'master', 'bridge', 'up');
    await ip('addr', 'add', `${this.#prefix}.1/24`, 'dev', host);
    await ip('link', 'set', host, 'up');
    for (const [name, address] of this.#addresses) {
      const site = this.#namespace(name);
      await ip('netns', 'add', site);
      const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', site];
      await ip('link', 'add', name, 'netns', way, ...pair);
      await ip('-n', way, 'link', 'set', name, 'master', 'bridge', 'up');
      await ip('-n', site, 'link', 'set', 'lo', 'up');
      await ip('-n', site, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      await ip('-n', site, 'link', 'set', 'eth0', 'up');
    }
  }

  #namespace(name: string): string {
    return `farshore-${this.#id}-${name}`;
  }

  async #setPort(site: string, state: 'disabled' | 'forwarding'): Promise<void> {
    this.address(site);
    // The kernel's numbers for the states of a bridge's port.
    const number = { disabled: '0', forwarding: '3' }[state];
    await execute('ip', [
      ...['netns', 'exec', this.#namespace('way')],
      ...['bridge', 'link', 'set', 'dev', site, 'state', number],
    ]);
  }

  async #iptables(site: string, action: '-I' | '-D', rule: readonly string[]): Promise<void> {
    const [chain = '', ...match] = rule;
    const command = ['iptables', '-w', action, chain, ...match, '-j', 'DROP'];
    await execute('ip', ['netns', 'exec', this.#namespace(site), ...command]);
  }
}

function blocking(port: number): readonly (readonly string[])[] {
  return (['dport', 'sport'] as const).flatMap((side) => [
    ['INPUT', '!', '-i', 'lo', '-p', 'tcp', `--${side}`, String(port)],
    ['OUTPUT', '!', '-o', 'lo', '-p', 'tcp', `--${side}`, String(port)],
  ]);
}

async function ip(...args: readonly string[]): Promise<string> {
  return (await execute('ip', args)).stdout;
}

/** What a run left that was killed before it could tidy up. */
async function removeLeftovers(): Promise<void> {
  for (const name of await namespaces()) {
    const pid = namespacePattern.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await remove(name);
  }
}

async function remove(namespace: string): Promise<void> {
  if (!(await namespaces()).includes(namespace)) return;
  const pids = await ip('netns', 'pids', namespace);
  for (const pid of lines(pids)) kill(Number(pid));
  await ip('netns', 'delete', namespace);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended since it was listed.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function namespaces(): Promise<readonly string[]> {
  return lines(await ip('netns', 'list')).map((line) => line.split(' ')[0] ?? '');
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The first three numbers of a /24 that no interface of this machine is in. */
function freePrefix(): string {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (let third = 0; third < 256; third += 1) {
    const prefix = `10.213.${third}`;
    if (!own.some(({ address }) => address.startsWith(`${prefix}.`))) return prefix;
  }
  throw new Error('no /24 of 10.213.0.0/16 is free');
}
