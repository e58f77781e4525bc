import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import { FarshoreError } from '../../kernel/errors.ts';
import { leanStart } from '../cli/lean-memory.ts';

const main = new URL('../cli/main.ts', import.meta.url).pathname;

/** A `farshore` command that runs until it is told to stop; it ends by itself when this process is gone. */
export class Process {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  /** Resolves with the first match of `ready` on its stderr or stdout; all of both goes to `logFile`. */
  static async start(
    name: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly logFile: string; readonly ready: RegExp },
  ): Promise<{ readonly process: Process; readonly match: RegExpExecArray }> {
    const { flags, env } = leanStart(args[0] === 'serve' ? 'controller' : 'region');
    const child = spawn(process.execPath, [...flags, main, ...args], {
      cwd: options.cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const started = new Process(name, child);
    const match = await new Promise<RegExpExecArray | undefined>((resolve) => {
      for (const input of [child.stdout, child.stderr].filter((stream) => stream !== null))
        createInterface({ input }).on('line', (line) => {
          void appendFile(options.logFile, `${line}\n`);
          const found = options.ready.exec(line);
          if (found !== null) resolve(found);
        });
      void started.#ended.then(() => resolve(undefined));
    });
    if (match !== undefined) return { process: started, match };
    throw new FarshoreError('it ended before it was ready', {
      code: 'demo.process-ended',
      kind: 'permanent',
      operation: 'start',
      subject: name,
      hint: `see ${options.logFile}`,
    });
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child.pid : undefined;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL is what the loss of a site does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.isRunning) this.#child.kill(signal);
    await this.#ended;
  }
}
