import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { writeClouds } from '../clouds.ts';
import type { Lab } from '../lab.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'controller', 'cli', 'main.ts');

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A controller as an operator runs it, in a directory of its own, and the command line beside it. */
export class Farshore {
  readonly dir: string;
  readonly url: string;
  #process: ChildProcess | null = null;
  #peakRssKib = 0;

  private constructor(dir: string, url: string) {
    this.dir = dir;
    this.url = url;
  }

  /** Writes the configuration for the lab; nothing runs yet. User `demo` is a member of `demo` only. */
  static async create(lab: Lab, user: 'admin' | 'demo' = 'admin'): Promise<Farshore> {
    const dir = await mkdtemp(join(tmpdir(), 'farshore-lab-'));
    const port = await freePort();
    const region = (cloud: string) => ({
      cloud,
      ...(lab.topology === 'stretched' ? { swiftCluster: 'lab' } : {}),
    });
    const config = {
      dataDir: join(dir, 'state'),
      api: { listen: `127.0.0.1:${port}` },
      regions: { east: region('east'), west: region('west') },
    };
    await mkdir(dir, { recursive: true });
    await writeClouds(lab, join(dir, 'clouds.yaml'), user, user);
    await writeFile(join(dir, 'farshore.yaml'), stringify(config));
    return new Farshore(dir, `http://127.0.0.1:${port}`);
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error('the controller does not run');
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return (
      this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  /** Resolves when /readyz says so. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [main, 'serve'], {
      cwd: this.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(join(this.dir, 'farshore.log'), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#process = child;
    while (!(await this.#isReady())) {
      if (!this.isRunning) throw new Error(`the controller ended:\n${await this.log()}`);
      await sleep(100);
    }
  }

  /** SIGKILL: what a power cut does to the process. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** The process and all that it kept are gone at once; the configuration is not. */
  async loseState(): Promise<void> {
    await this.kill9();
    await rm(join(this.dir, 'state'), { recursive: true });
  }

  async stop(): Promise<void> {
    if (this.isRunning) await this.#end('SIGTERM');
  }

  /** The largest resident memory of any of its processes so far. */
  async peakRssMib(): Promise<number> {
    await this.#notePeak();
    return Math.round(this.#peakRssKib / 1024);
  }

  async log(): Promise<string> {
    return readFile(join(this.dir, 'farshore.log'), 'utf8').catch(() => '');
  }

  cli(...args: readonly string[]): Promise<CliResult> {
    return this.cliIn(this.dir, ...args);
  }

  /** In another directory, where another configuration and clouds.yaml lie. */
  cliIn(cwd: string, ...args: readonly string[]): Promise<CliResult> {
    return new Promise((resolve) => {
      const argv = [main, '--api', this.url, ...args];
      const options = { cwd, maxBuffer: 1 << 28 };
      execFile(process.execPath, argv, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** The command's answer as JSON; a failure is an error that holds what it printed. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli('-o', 'json', ...args);
    if (code !== 0)
      throw new Error(
        `farshore ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}\n${await this.log()}`,
      );
    return JSON.parse(stdout) as T;
  }

  async apply(...documents: readonly object[]): Promise<CliResult> {
    const file = join(this.dir, 'documents.yaml');
    await writeFile(file, documents.map((document) => stringify(document)).join('---\n'));
    return this.cli('group', 'apply', '-f', file);
  }

  /** The value of one series of /metrics, labels in the order they are printed; 0 when it is not there. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.split(' ').at(-1));
  }

  /** The sum of all series of a metric whose labels hold all of these. */
  async metricSum(name: string, ...labels: readonly string[]): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return text
      .split('\n')
      .filter(
        (line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)),
      )
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === null || !this.isRunning) throw new Error('the controller does not run');
    await this.#notePeak();
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    this.#process = null;
  }

  async #notePeak(): Promise<void> {
    if (!this.isRunning) return;
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
    this.#peakRssKib = Math.max(this.#peakRssKib, peak);
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false; // not listening yet
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
