import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { SiteNetwork } from '../site-network.ts';

export interface Program {
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it prints, run after run. */
  readonly logFile: string;
}

/** Node programs in the sites of a network. */
export class SiteProcesses {
  readonly #network: SiteNetwork;
  readonly #env: NodeJS.ProcessEnv;

  /** Who runs the tests may have real clouds and a real controller in the environment: none of it is passed on. */
  constructor(network: SiteNetwork) {
    this.#network = network;
    this.#env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(OS_|FARSHORE_)/.test(name)),
    );
  }

  /** Resolves when it says where it listens. */
  async listening(site: string, program: Program): Promise<ChildProcess> {
    const child = this.#spawn(site, program);
    const log = createWriteStream(program.logFile, { flags: 'a' });
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    await new Promise<void>((resolve, reject) => {
      for (const input of [child.stdout!, child.stderr!])
        createInterface({ input }).on('line', (line) => {
          if (/listens on http/.test(line)) resolve();
        });
      child.once('exit', (status) =>
        reject(
          new Error(
            `${program.args.join(' ')} ended (${status ?? 'killed'}), see ${program.logFile}`,
          ),
        ),
      );
    });
    return child;
  }

  /** Runs to its end; what it printed, or an error that holds it. */
  async run(site: string, program: Omit<Program, 'logFile'>): Promise<string> {
    const child = this.#spawn(site, program);
    let [output, faults] = ['', ''];
    child.stdout!.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr!.on('data', (text: Buffer) => (faults += text.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    if (status === 0) return output;
    throw new Error(
      `${program.args.join(' ')} in ${site} ended with ${status ?? 'a signal'}:\n${faults}${output}`,
    );
  }

  #spawn(site: string, { args, cwd }: Pick<Program, 'args' | 'cwd'>): ChildProcess {
    return this.#network.spawn(site, process.execPath, args, {
      cwd,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
