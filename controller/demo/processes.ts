import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';

const main = new URL('../cli/main.ts', import.meta.url).pathname;
/** What a process that was told to stop may take for it. */
const patienceMs = 10_000;

export interface ProcessOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** All that it prints. */
  readonly logFile: string;
}

/** A `farshore` command that runs until it is told to stop; it ends by itself when this process is gone. */
export class Process {
  readonly name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  /** Resolves when it is gone and all that it printed is in the file. */
  readonly #ended: Promise<void>;

  constructor({ name, args, flags, env, cwd, logFile }: ProcessOptions) {
    this.name = name;
    this.#logFile = logFile;
    this.#child = spawn(process.execPath, [...flags, main, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log = createWriteStream(logFile);
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.#ended = new Promise((resolve) => {
      const end = (): void => void log.end(() => resolve());
      this.#child.once('close', end);
      // It could not even be started.
      this.#child.once('error', end);
    });
  }

  get pid(): number | undefined {
    return this.#isRunning ? this.#child.pid : undefined;
  }

  /** The address that it says it listens on; throws when it ends before. */
  async address(): Promise<string> {
    const url = await new Promise<string | undefined>((resolve) => {
      for (const input of [this.#child.stdout, this.#child.stderr].filter((each) => each !== null))
        createInterface({ input }).on('line', (line) => {
          const found = /listens on (http:\S+)/.exec(line)?.[1];
          if (found !== undefined) resolve(found);
        });
      void this.#ended.then(() => resolve(undefined));
    });
    if (url !== undefined) return url;
    throw new FarshoreError('it ended before it was ready', {
      code: 'demo.process-ended',
      kind: 'permanent',
      operation: 'start',
      subject: this.name,
      hint: `see ${this.#logFile}`,
    });
  }

  /** Politely, and after a while not. */
  async stop(clock: Clock): Promise<void> {
    if (this.#isRunning) this.#child.kill('SIGTERM');
    const waiting = new AbortController();
    const late = clock.sleep(patienceMs, waiting.signal).then(
      () => this.kill(),
      () => undefined,
    );
    await this.#ended;
    waiting.abort();
    await late;
  }

  /** What the loss of a site does. */
  async kill(): Promise<void> {
    if (this.#isRunning) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  get #isRunning(): boolean {
    return (
      this.#child.pid !== undefined &&
      this.#child.exitCode === null &&
      this.#child.signalCode === null
    );
  }
}
