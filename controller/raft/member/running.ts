import { spawn } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';

/** An etcd process, ours or one that an earlier controller left. */
export interface Running {
  readonly pid: number;
  readonly flags: readonly string[];
  /** How it ended: an exit status or a signal; `unknown` of one that was adopted. */
  readonly ended: Promise<string>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface Launch {
  readonly binary: string;
  readonly searchPath: string;
  readonly flags: readonly string[];
  /** Appended to. */
  readonly log: string;
}

const pollMs = 250;

/**
 * In a process group of its own, so that a Ctrl-C meant for the controller does not end it before
 * the controller has stopped. Outlives a controller that is killed: the next one finds it.
 * Throws `raft.no-etcd`.
 */
export async function launch({ binary, searchPath, flags, log }: Launch): Promise<Running> {
  const file = await open(log, 'a', 0o600);
  try {
    const child = spawn(binary, flags, {
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      // Nothing else: etcd takes every ETCD_ variable for a flag.
      env: { PATH: searchPath },
    });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal ?? `exit status ${code ?? 'unknown'}`);
      });
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    return { pid, flags, ended, kill: (signal) => child.kill(signal) };
  } catch (error) {
    throw new FarshoreError('the etcd program cannot be started', {
      code: 'raft.no-etcd',
      kind: 'fatal',
      operation: 'start member',
      subject: binary,
      hint: 'apt-get install etcd-server, or name it with FARSHORE_ETCD; Debian starts one of its own, which needs the same ports: systemctl disable --now etcd',
      cause: error,
    });
  } finally {
    await file.close();
  }
}

/** The process whose command line names the data directory; null: there is none. */
export async function findRunning(dataDir: string, clock: Clock): Promise<Running | null> {
  const wanted = `--data-dir=${dataDir}`;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const flags = await flagsOf(pid);
    if (flags?.includes(wanted) !== true) continue;
    const isAlive = async () => (await flagsOf(pid))?.includes(wanted) === true;
    return { pid, flags, ended: untilGone(isAlive, clock), kill: (signal) => kill(pid, signal) };
  }
  return null;
}

/** Null when there is no such process, or it has ended and waits to be reaped. */
async function flagsOf(pid: number): Promise<readonly string[] | null> {
  try {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return words.filter((word) => word.startsWith('--'));
  } catch {
    // It ended between the listing and the reading, or is another user's.
    return null;
  }
}

async function untilGone(isAlive: () => Promise<boolean>, clock: Clock): Promise<string> {
  while (await isAlive()) await clock.sleep(pollMs);
  return 'unknown';
}

function kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It is gone already, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
