import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { Contender, Entry, Figures } from './contender.ts';
import { type Servers, withoutSettings } from './servers.ts';

/**
 * What costs it least: MD5 of every object compared with what arrived (`--checksum`), times not asked for
 * one by one. Metadata it cannot carry between Swifts at all.
 */
const flags = ['--checksum', '--use-server-modtime', '--fast-list'];
/** Saves it a HEAD of each object, and costs it all that is above 5 GiB, which the product carries. */
const onlyPlain = '--swift-no-large-objects';

export interface RcloneOptions {
  readonly transfers: number;
  readonly withLargeObjects?: boolean;
}

export function rclone(
  servers: Servers,
  { transfers, withLargeObjects = false }: RcloneOptions,
): Entry {
  const env = { ...withoutSettings(process.env), ...remotes(servers), RCLONE_CONFIG: '/dev/null' };
  const copy = (container: string): Promise<Figures> => {
    const count = ['--transfers', String(transfers), '--checkers', String(transfers)];
    const also = withLargeObjects ? [] : [onlyPlain];
    const what = [`east:${container}`, `west:${container}`];
    const args = ['copy', ...what, ...flags, ...also, ...count, '--quiet'];
    return measured('rclone', args, env);
  };
  const name = `rclone ×${transfers}${withLargeObjects ? ', large objects too' : ''}`;
  const contender = { name, first: copy, again: copy };
  const close = (): Promise<void> => Promise.resolve();
  return { name, open: () => Promise.resolve<Contender>({ ...contender, close }) };
}

function remotes({ urls }: Servers): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ['east', 'west'] as const) {
    const settings = {
      ...{ TYPE: 'swift', AUTH: `${urls[name]}/v3`, AUTH_VERSION: '3', REGION: name },
      ...{ USER: 'admin', KEY: 'secret', DOMAIN: 'Default', TENANT: 'demo' },
      TENANT_DOMAIN: 'Default',
    };
    for (const [key, value] of Object.entries(settings))
      env[`RCLONE_CONFIG_${name.toUpperCase()}_${key}`] = value;
  }
  return env;
}

/** Runs it to its end; the shell tells what its child took, to the last. */
async function measured(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Figures> {
  const script = 'TIMEFORMAT="took %R %U %S"; time "$@"';
  const child = spawn('bash', ['-c', script, 'bash', command, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const printed = text(child.stderr);
  const peak = peakOf(child.pid ?? 0, () => child.exitCode === null && child.signalCode === null);
  const [status] = await ended;
  const told = await printed;
  const [, seconds, user, system] = /took (\S+) (\S+) (\S+)\s*$/.exec(told) ?? [];
  if (status !== 0 || seconds === undefined)
    throw new Error(`${command} ended with ${status}:\n${told}`);
  const cpuSeconds = Number(user) + Number(system);
  return { seconds: Number(seconds), cpuSeconds, peakMiB: await peak };
}

/** The highest resident memory of the process's only child. */
async function peakOf(parent: number, isRunning: () => boolean): Promise<number> {
  let kib = 0;
  while (isRunning()) {
    await sleep(50);
    try {
      const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
      const status = await readFile(`/proc/${children.trim()}/status`, 'utf8');
      kib = Math.max(kib, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    } catch {
      // Not begun yet, or just ended.
    }
  }
  return kib / 1024;
}
