import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { isAbort } from '../../../kernel/errors.ts';
import type { Store } from '../../store/store.ts';
import { takeSnapshot } from './take.ts';

export interface ScheduleOptions {
  readonly everySeconds: number;
  /** The newest so many stay. */
  readonly keep: number;
  readonly directory: string;
  readonly store: Store;
  readonly ambient: Ambient;
}

const longestPauseMs = 60_000;
const suffix = '.snapshot';

/** `2026-01-02T03-04-05-678Z.snapshot`: their order is that of time, and of any shell. */
export function snapshotName(nowMs: number): string {
  return `${isoTime(nowMs).replaceAll(/[:.]/g, '-')}${suffix}`;
}

/** The time in a snapshot's name; null when it is none. */
export function timeOf(name: string): number | null {
  const found = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.snapshot$/.exec(name);
  if (found === null) return null;
  const [, hour = '', minute = '', second = '', ms = ''] = found;
  const time = Date.parse(`${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? null : time;
}

/**
 * Snapshots of the state, each controller its own: with any one site's disk there is one. A failure
 * is told and tried again; what stays is deleted only after a newer one is whole.
 */
export class SnapshotSchedule {
  readonly #options: ScheduleOptions;
  readonly #stopping = new AbortController();
  #newestMs: number | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  get everySeconds(): number {
    return this.#options.everySeconds;
  }

  /** Null before the first. */
  get ageSeconds(): number | null {
    if (this.#newestMs === null) return null;
    return Math.max(0, (this.#options.ambient.clock.now() - this.#newestMs) / 1000);
  }

  start(): void {
    this.#work = this.#go(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #go(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options.ambient;
    for (;;) {
      try {
        await this.#takeIfDue(signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        log.warn('no snapshot of the state could be taken', { error });
      }
      try {
        await clock.sleep(Math.min(longestPauseMs, this.everySeconds * 1000), signal);
      } catch {
        return;
      }
    }
  }

  async #takeIfDue(signal: AbortSignal): Promise<void> {
    const { ambient, store, directory, keep, everySeconds } = this.#options;
    const nowMs = ambient.clock.now();
    const names = await namesIn(directory);
    // One from the future is of a clock that was wrong: it says nothing of when the next is due.
    const times = names.map(timeOf).filter((time) => time !== null && time <= nowMs);
    this.#newestMs = times.at(-1) ?? null;
    if (this.#newestMs !== null && nowMs - this.#newestMs < everySeconds * 1000) return;
    for (const name of await brokenOffIn(directory)) await rm(join(directory, name));
    await takeSnapshot(store, join(directory, snapshotName(nowMs)), {
      clock: ambient.clock,
      signal,
    });
    this.#newestMs = nowMs;
    for (const name of names.slice(0, Math.max(0, names.length + 1 - keep)))
      await rm(join(directory, name), { force: true });
  }
}

/** The oldest first. */
async function namesIn(directory: string): Promise<readonly string[]> {
  return (await filesIn(directory)).filter((name) => timeOf(name) !== null).sort();
}

/** What a process that was killed left of a snapshot. */
async function brokenOffIn(directory: string): Promise<readonly string[]> {
  const isPart = (name: string) => name.endsWith('.new') && timeOf(name.slice(0, -4)) !== null;
  return (await filesIn(directory)).filter(isPart);
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
