import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type ManagedSite, managedSite } from '../../../controller/raft/managed.ts';
import { findRunning } from '../../../controller/raft/member/running.ts';
import { loadConfig } from '../../../controller/config/load-config.ts';
import { systemClock } from '../../../kernel/clock.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'controller', 'cli', 'main.ts');

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One site as its operator has it: a directory with a configuration, and the command line. */
export class Site {
  readonly name: string;
  readonly dir: string;
  #process: ChildProcess | null = null;

  private constructor(name: string, dir: string) {
    this.name = name;
    this.dir = dir;
  }

  static async create(
    root: string,
    name: string,
    sites: Readonly<Record<string, string>>,
  ): Promise<Site> {
    const dir = join(root, name);
    await mkdir(dir, { recursive: true });
    const config = {
      dataDir: './data',
      api: { listen: '127.0.0.1:0' },
      raft: { site: name, sites },
    };
    await writeFile(join(dir, 'farshore.yaml'), stringify(config));
    return new Site(name, dir);
  }

  get dataDir(): string {
    return join(this.dir, 'data');
  }

  async managed(): Promise<ManagedSite> {
    return managedSite(await loadConfig({ cwd: this.dir, env: process.env }));
  }

  /** A command that ends by itself. */
  run(...words: readonly string[]): Promise<Said> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [main, ...words],
        { cwd: this.dir },
        (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  /** The same, which must succeed. */
  async order(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code !== 0)
      throw new Error(`${this.name}: farshore ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** `serve`, or `raft member`, until it is stopped or killed. */
  start(...words: readonly string[]): void {
    const out = openSync(join(this.dir, 'out'), 'a');
    this.#process = spawn(process.execPath, [main, ...words], {
      cwd: this.dir,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
  }

  /** How what was started ended by itself. */
  async ended(withinMs: number): Promise<number | null> {
    const child = this.#process;
    if (child === null) throw new Error('nothing was started');
    if (child.exitCode !== null) return child.exitCode;
    const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(withinMs) })) as [
      number,
    ];
    return code;
  }

  said(): Promise<string> {
    return readFile(join(this.dir, 'out'), 'utf8');
  }

  /** Politely: the member ends too. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Its member runs on. */
  async killController(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** The process of its member; null: none runs. */
  async memberPid(): Promise<number | null> {
    const running = await findRunning((await this.managed()).dir.data, systemClock);
    return running?.pid ?? null;
  }

  /** The machine is gone: the controller, and then etcd, without a word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    const running = await findRunning((await this.managed()).dir.data, systemClock);
    running?.kill('SIGKILL');
    await running?.ended;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** Milliseconds until it holds; throws with `tell` when it does not within a minute. */
export async function until(
  holds: () => Promise<boolean>,
  tell: () => Promise<string>,
): Promise<number> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > 60_000) throw new Error(await tell());
    await sleep(200);
  }
  return performance.now() - from;
}
