import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const run = promisify(execFile);

/** One series, or one value, of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
}

export interface ScrapeTarget {
  /** `http://127.0.0.1:8443`: its `/metrics` is scraped. */
  readonly url: string;
  readonly bearerToken?: string;
  /** Of the target's certificate. */
  readonly caFile?: string;
}

/** Debian's Prometheus on a loopback port, with its own directory; ends with `close`. */
export class Prometheus {
  readonly #process: ChildProcess;
  readonly #dir: string;
  readonly #base: string;
  #output = '';

  private constructor(process: ChildProcess, dir: string, base: string) {
    this.#process = process;
    this.#dir = dir;
    this.#base = base;
    for (const stream of [process.stdout, process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4000);
      });
  }

  static async start(target: ScrapeTarget, ruleFile: string): Promise<Prometheus> {
    const dir = await mkdtemp(join(tmpdir(), 'farshore-prometheus-'));
    const config = join(dir, 'prometheus.yml');
    await writeFile(config, stringify(scrapeConfig(target, ruleFile)), { mode: 0o600 });
    await promtool('check', 'config', config);
    const address = `127.0.0.1:${await freePort()}`;
    const process = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const started = new Prometheus(process, dir, `http://${address}`);
    try {
      await Promise.race([once(process, 'spawn'), failure(process)]);
      await started.#until('it is ready', 30_000, () => started.#isReady());
    } catch (error) {
      await started.close();
      throw error;
    }
    return started;
  }

  async query(expr: string): Promise<readonly Series[]> {
    const data = await this.#ask<{ result: readonly Series[] }>(
      `/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return data.result;
  }

  async rules(): Promise<readonly RuleState[]> {
    const data = await this.#ask<{ groups: readonly { rules: readonly RuleState[] }[] }>(
      '/api/v1/rules',
    );
    return data.groups.flatMap((group) => group.rules);
  }

  /** Until `count` scrapes went well within the last minute, and every rule was evaluated. */
  async scraped(count: number, timeoutMs: number): Promise<void> {
    await this.#until(`${count} scrapes went well`, timeoutMs, async () => {
      const [sum] = await this.query('sum_over_time(up{job="farshore"}[1m])');
      const rules = await this.rules();
      return (
        Number(sum?.value[1] ?? 0) >= count && rules.every(({ health }) => health !== 'unknown')
      );
    });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.#process.exitCode !== null)
      throw new Error(`prometheus ended at once: ${this.#output}`);
    try {
      return (await fetch(`${this.#base}/-/ready`)).ok;
    } catch {
      // Refused until it listens; the deadline ends the asking.
      return false;
    }
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(this.#base + path);
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== 'success') throw new Error(body.error ?? `answered ${response.status}`);
    return body.data;
  }

  async #until(what: string, timeoutMs: number, isTrue: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await isTrue())) {
      if (performance.now() > deadline)
        throw new Error(`not within ${timeoutMs / 1000} s: ${what}. Prometheus: ${this.#output}`);
      await delay(200);
    }
  }
}

/** Runs `promtool`; throws what it says is wrong. */
export async function promtool(...args: readonly string[]): Promise<string> {
  try {
    return (await run('promtool', args)).stdout;
  } catch (error) {
    if (isMissing(error)) throw missing(error);
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`promtool ${args.join(' ')}: ${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

async function failure(process: ChildProcess): Promise<never> {
  const [error] = (await once(process, 'error')) as [Error];
  throw isMissing(error) ? missing(error) : error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function missing(cause: unknown): Error {
  return new Error('Prometheus is missing: install it with apt-get install prometheus.', { cause });
}

function scrapeConfig(target: ScrapeTarget, ruleFile: string): unknown {
  const { protocol, host } = new URL(target.url);
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: [
      {
        job_name: 'farshore',
        scheme: protocol.replace(':', ''),
        static_configs: [{ targets: [host] }],
        ...(target.bearerToken === undefined
          ? {}
          : { authorization: { credentials: target.bearerToken } }),
        ...(target.caFile === undefined ? {} : { tls_config: { ca_file: target.caFile } }),
      },
    ],
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
