import { describeError, FarshoreError, isTransient } from '../../kernel/errors.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { ExecutionClaim } from './claims.ts';
import { planOf } from './order.ts';
import type { RunnerParts } from './parts.ts';
import { Run } from './run.ts';
import type { Execution, Unfinished } from './types.ts';

/** Between two readings of a journal that refused, and two tries to take something up; doubles up to the longest. */
const pauseMs = 1_000;
const longestPauseMs = 60_000;

interface Live {
  run: Run;
  readonly claim: ExecutionClaim;
  supervision: Promise<void>;
}

/**
 * The executions that this process carries out: those that are unfinished, whose turn it is here, and
 * whose claim it could take. Looks again whenever an execution or a process comes or goes and when a
 * claim is given up. A lost claim halts the run without a word in the journal: whoever takes the
 * claim next goes on from the last saved state, be it this process again.
 */
export class Duty {
  readonly #parts: RunnerParts;
  readonly #live = new Map<string, Live>();
  readonly #taking = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #unfinished: readonly Unfinished[] = [];
  #looks = 0;
  #retry: Promise<void> | null = null;
  #retryMs = pauseMs;
  #following: Promise<void> = Promise.resolve();
  #leave = (): void => undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Resolves when what was unfinished, as far as it is this process's turn, is under way. */
  async begin(): Promise<void> {
    const first = Promise.withResolvers<undefined>();
    this.#leave = this.#parts.turns.onChange(() => void this.#look());
    this.#following = this.#follow(() => first.resolve(undefined));
    await first.promise;
  }

  progress(id: string): Readonly<Record<string, ProgressSnapshot>> {
    return this.#live.get(id)?.run.progress() ?? {};
  }

  /** Halts all runs and gives their claims back. */
  async stop(reason: FarshoreError): Promise<void> {
    this.#stopping.abort(reason);
    this.#leave();
    await this.#following;
    await Promise.all([...this.#taking.values()]);
    await this.#retry;
    const all = [...this.#live.values()];
    await Promise.all(all.map(({ run }) => run.halt(reason)));
    await Promise.all(all.map(({ supervision }) => supervision));
  }

  async #follow(onLooked: () => void): Promise<void> {
    for await (const unfinished of this.#parts.journal.unfinished(this.#stopping.signal)) {
      this.#unfinished = unfinished;
      void this.#look().then(onLooked);
    }
    onLooked();
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    if (this.#isStopping()) return;
    const due = this.#unfinished.filter(
      ({ id, regions }) =>
        !this.#live.has(id) && !this.#taking.has(id) && this.#parts.turns.isTurn(id, regions),
    );
    const takings = due.map(({ id }) => {
      const taking = this.#take(id);
      this.#taking.set(id, taking);
      return taking;
    });
    await Promise.all(takings);
  }

  /** Never rejects. What changed while it tried is looked at again, since a look passes over it meanwhile. */
  async #take(id: string): Promise<void> {
    const looks = this.#looks;
    try {
      const claim = await this.#parts.claims.take('execution', id);
      if (claim !== null) await this.#adopt(id, claim);
      this.#retryMs = pauseMs;
    } catch (error) {
      this.#parts.ambient.log.error('execution not taken up', { id, error: describeError(error) });
      // Of a runbook that this version does not have, for one: nothing will change by itself.
      if (!(error instanceof FarshoreError) || isTransient(error)) this.#lookLater();
    }
    this.#taking.delete(id);
    if (looks !== this.#looks && !this.#live.has(id)) void this.#look();
  }

  #lookLater(): void {
    const ms = this.#retryMs;
    this.#retryMs = Math.min(2 * ms, longestPauseMs);
    this.#retry ??= this.#parts.ambient.clock.sleep(ms, this.#stopping.signal).then(
      () => {
        this.#retry = null;
        void this.#look();
      },
      () => undefined, // It stops.
    );
  }

  async #adopt(id: string, claim: ExecutionClaim): Promise<void> {
    let run: Run | null = null;
    try {
      const execution = await this.#parts.journal.load(id);
      const isDue = execution !== null && execution.state !== 'ended' && !this.#isStopping();
      if (isDue) run = this.#run(execution);
    } finally {
      if (run === null) await this.#release(id, claim);
    }
    if (run === null) return;
    // The execution is committed: a journal that refuses its first event is the supervision's matter.
    const begun = run.begin().catch(() => undefined);
    const live: Live = { run, claim, supervision: Promise.resolve() };
    this.#live.set(id, live);
    live.supervision = this.#supervise(id, live);
    await begun;
  }

  #run(execution: Execution): Run {
    return new Run(this.#parts, planOf(execution.runbook, this.#parts), execution);
  }

  /** Never rejects: an execution must not stay dead because its journal hiccuped once. */
  async #supervise(id: string, live: Live): Promise<void> {
    const { lost } = live.claim;
    const onLost = (): void => void live.run.halt(lost.reason as FarshoreError);
    lost.addEventListener('abort', onLost);
    if (lost.aborted) onLost();
    for (let ms = pauseMs; ; ms = Math.min(2 * ms, longestPauseMs)) {
      try {
        await live.run.over;
        break;
      } catch (error) {
        this.#parts.ambient.log.error('execution broke off', { id, error: describeError(error) });
      }
      if (!(await this.#again(id, live, ms))) break;
    }
    lost.removeEventListener('abort', onLost);
    if (live.run.execution.state === 'ended')
      this.#unfinished = this.#unfinished.filter((each) => each.id !== id);
    await this.#release(id, live.claim);
    this.#live.delete(id);
    void this.#look();
  }

  /** False when there is nothing to go on with. A journal that still refuses breaks the new run off in turn. */
  async #again(id: string, live: Live, ms: number): Promise<boolean> {
    const { clock, log } = this.#parts.ambient;
    const over = AbortSignal.any([this.#stopping.signal, live.claim.lost]);
    const isOver = (): boolean => over.aborted;
    while (!isOver()) {
      try {
        await clock.sleep(ms, over);
        const execution = await this.#parts.journal.load(id);
        over.throwIfAborted();
        if (execution === null || execution.state === 'ended') return false;
        live.run = this.#run(execution);
        await live.run.begin();
        return true;
      } catch (error) {
        if (isOver()) return false;
        log.error('journal refused', { id, error: describeError(error) });
      }
    }
    return false;
  }

  /** What cannot be given back goes with this process's lease. */
  async #release(id: string, claim: ExecutionClaim): Promise<void> {
    try {
      await claim.release();
    } catch (error) {
      this.#parts.ambient.log.warn('claim not given back', { id, error: describeError(error) });
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
