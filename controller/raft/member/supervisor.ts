import type { Ambient } from '../../../kernel/ambient.ts';
import { isAbort } from '../../../kernel/errors.ts';
import { MemberLog } from './log-file.ts';
import { findRunning, type Launch, launch, type Running } from './running.ts';

export interface SupervisorOptions {
  readonly launch: Launch;
  readonly dataDir: string;
  readonly ambient: Ambient;
  /** Asked before each start; throws where the member must not run any more. */
  readonly mayStart: (signal: AbortSignal) => Promise<void>;
}

export interface MemberState {
  /** Null while it does not run. */
  readonly pid: number | null;
  /** It ended without being told to, and was started again. */
  readonly restarts: number;
  /** Lines of its log of level warn and above. */
  readonly warnings: number;
}

const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** Having run this long, its next end is a new misfortune. */
const steadyMs = 60_000;
const politeMs = 10_000;
const lookEveryMs = 5_000;

/**
 * Keeps the site's etcd running: starts it, or adopts the one that a killed controller left, and
 * starts it again when it ends. Killed itself, it leaves etcd running for the next controller.
 */
export class MemberSupervisor {
  readonly #options: SupervisorOptions;
  readonly #log: MemberLog;
  readonly #stopping = new AbortController();
  readonly #failure = Promise.withResolvers<unknown>();
  #running: Running | null = null;
  #restarts = 0;
  #work: readonly Promise<void>[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#log = new MemberLog(options.launch.log);
  }

  /** Resolves with what it must not be started again for. */
  get failure(): Promise<unknown> {
    return this.#failure.promise;
  }

  state(): MemberState {
    const { warnings } = this.#log;
    return { pid: this.#running?.pid ?? null, restarts: this.#restarts, warnings };
  }

  /** Resolves once it was started. Throws `raft.no-etcd`, and what `mayStart` throws. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#log.begin();
    this.#running = await this.#open(signal);
    this.#work = [this.#keep(this.#running, signal), this.#watchLog(signal)];
  }

  /** SIGTERM, by which it hands over leadership; SIGKILL when that takes too long. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const running = this.#running;
    if (running !== null) await end(running, this.#options.ambient);
    await Promise.all(this.#work);
  }

  async #keep(first: Running, signal: AbortSignal): Promise<void> {
    let running = first;
    let delayMs = firstDelayMs;
    try {
      for (;;) {
        const startedMs = this.#options.ambient.clock.monotonicMs();
        const how = await running.ended;
        this.#running = null;
        if (signal.aborted) return;
        const ranMs = this.#options.ambient.clock.monotonicMs() - startedMs;
        if (ranMs > steadyMs) delayMs = firstDelayMs;
        await this.#log.look();
        const { lastFault: reason } = this.#log;
        const fields = { how, reason, log: this.#options.launch.log, againInMs: delayMs };
        this.#options.ambient.log.warn('etcd ended by itself', fields);
        await this.#options.ambient.clock.sleep(delayMs, signal);
        delayMs = Math.min(2 * delayMs, longestDelayMs);
        running = await this.#open(signal);
        this.#running = running;
        this.#restarts += 1;
      }
    } catch (error) {
      if (!signal.aborted) this.#failure.resolve(error);
    }
  }

  async #open(signal: AbortSignal): Promise<Running> {
    const { ambient, dataDir, launch: settings, mayStart } = this.#options;
    const { clock, log } = ambient;
    const left = await findRunning(dataDir, clock);
    try {
      await mayStart(signal);
    } catch (error) {
      if (left !== null) await end(left, ambient);
      throw error;
    }
    if (left !== null && sameFlags(left.flags, settings.flags)) {
      log.info('etcd of an earlier run goes on', { pid: left.pid });
      return left;
    }
    if (left !== null) {
      log.info('etcd of an earlier run has other settings and starts again', { pid: left.pid });
      await end(left, ambient);
    }
    signal.throwIfAborted();
    const running = await launch(settings);
    // Told to stop while it was being started: stop() did not see it.
    if (signal.aborted) await end(running, ambient);
    log.info('etcd started', { pid: running.pid });
    return running;
  }

  async #watchLog(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options.ambient;
    for (;;) {
      try {
        await clock.sleep(lookEveryMs, signal);
        await this.#log.look();
      } catch (error) {
        if (isAbort(error)) return;
        log.warn("etcd's log cannot be read", { error });
      }
    }
  }
}

/** Resolves when it is gone. */
export async function end(running: Running, { clock, log }: Ambient): Promise<void> {
  const done = new AbortController();
  running.kill('SIGTERM');
  const tooLong = clock.sleep(politeMs, done.signal).then(
    () => {
      log.warn('etcd does not stop and is killed', { pid: running.pid });
      running.kill('SIGKILL');
    },
    (error: unknown) => {
      if (!isAbort(error)) throw error;
    },
  );
  await running.ended;
  done.abort();
  await tooLong;
}

function sameFlags(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((flag, index) => flag === other[index]);
}
