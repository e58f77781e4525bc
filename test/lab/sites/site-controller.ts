import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { execIn, type ExecResult } from '../exec.ts';
import { waitFor } from '../probe.ts';
import type { Container } from '../runtime.ts';
import { patienceMs } from '../scenario/scene.ts';
import type { SiteName } from '../topology.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Where the containers see this checkout, and where a controller keeps what is its own. */
const project = '/opt/farshore';
const directory = '/srv/farshore';
const api = '127.0.0.1:8470';
const command = [`${project}/node_modules/.bin/node`, `${project}/controller/cli/main.ts`];

/** This checkout as containers see it: to read, its packages wherever they really lie. */
export async function projectBinds(): Promise<readonly string[]> {
  const packages = await realpath(join(root, 'node_modules'));
  return [`${root}:${project}:ro`, `${packages}:${project}/node_modules:ro`];
}

/** A controller inside a site, with the command line beside it. Cutting the site off cuts neither from us. */
export class SiteController {
  readonly site: SiteName;
  readonly #container: Container;

  constructor(site: SiteName, container: Container) {
    this.site = site;
    this.#container = container;
  }

  /** What `farshore.yaml` and the files beside it hold; nothing runs yet. */
  async configure(config: object, files: Readonly<Record<string, string>> = {}): Promise<void> {
    const settings = { dataDir: `${directory}/state`, api: { listen: api }, ...config };
    await this.write('farshore.yaml', stringify(settings));
    for (const [name, content] of Object.entries(files)) await this.write(name, content);
  }

  /** Below the controller's own directory. */
  async write(name: string, content: string): Promise<void> {
    const script = `mkdir -p ${directory} && umask 077 && cat > ${directory}/${name}`;
    await this.#run(['bash', '-c', script], content);
  }

  async read(name: string): Promise<string> {
    return await this.#run(['cat', `${directory}/${name}`]);
  }

  /** Resolves when /readyz says so. */
  async start(): Promise<void> {
    const serve = `cd ${directory} && { setsid ${command.join(' ')} serve >> farshore.log 2>&1 & echo $! > pid; }`;
    await this.#run(['bash', '-c', serve]);
    await waitFor(`the controller in ${this.site}`, patienceMs, async () => {
      if (!(await this.#isRunning()))
        throw new Error(`the controller in ${this.site} ended:\n${await this.log()}`);
      return this.isReady();
    });
  }

  async isReady(): Promise<boolean> {
    return (await this.#curl(['--fail', `http://${api}/readyz`])).exitCode === 0;
  }

  /** Politely, and waits for its end. */
  async stop(): Promise<void> {
    await this.#run(['bash', '-c', `kill -TERM $(cat ${directory}/pid)`]);
    await waitFor(
      `the end of the controller in ${this.site}`,
      patienceMs,
      async () => !(await this.#isRunning()),
    );
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async log(): Promise<string> {
    const { stdout } = await execIn(this.#container, [
      'tail',
      '-n',
      '40',
      `${directory}/farshore.log`,
    ]);
    return stdout;
  }

  /** The command line as an operator in this site has it. */
  cli(...args: readonly string[]): Promise<ExecResult> {
    const script = `cd ${directory} && exec "$@"`;
    return execIn(this.#container, ['bash', '-c', script, 'farshore', ...command, ...args]);
  }

  /** The command's answer as JSON; a failure is an error that holds what it printed. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.cli('-o', 'json', ...args);
    if (exitCode !== 0)
      throw new Error(
        `farshore ${args.join(' ')} in ${this.site} ended with ${exitCode}:\n${stderr}${stdout}\n${await this.log()}`,
      );
    return JSON.parse(stdout) as T;
  }

  /** What the API answers below /v1, in far less time than the command line takes; null when it does not. */
  async get<T>(path: string): Promise<T | null> {
    const { exitCode, stdout } = await this.#curl(['--fail', `http://${api}/v1${path}`]);
    return exitCode === 0 ? (JSON.parse(stdout) as T) : null;
  }

  #curl(args: readonly string[]): Promise<ExecResult> {
    return execIn(this.#container, ['curl', '--silent', '--max-time', '5', ...args]);
  }

  async #isRunning(): Promise<boolean> {
    const script = `kill -0 $(cat ${directory}/pid)`;
    return (await execIn(this.#container, ['bash', '-c', script])).exitCode === 0;
  }

  async #run(words: readonly string[], input?: string): Promise<string> {
    const options = input === undefined ? {} : { input };
    const { exitCode, stdout, stderr } = await execIn(this.#container, words, options);
    if (exitCode !== 0) throw new Error(`${this.site}: ${words.join(' ')}:\n${stderr}${stdout}`);
    return stdout;
  }
}
