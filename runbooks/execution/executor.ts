import { describeError, FarshoreError } from '../../kernel/errors.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { plans as builtinPlans } from '../plans/index.ts';
import type { ExecutionOrder, Runner } from '../runner.ts';
import { builtinSteps } from '../steps/index.ts';
import { assertAdmitted, assertRetriable } from './admission.ts';
import { Feed } from './feed.ts';
import { executionOf, planOf } from './order.ts';
import type { RunnerParts } from './parts.ts';
import { Run, type Order } from './run.ts';
import { defaultParallel } from './schedule.ts';
import type { Execution } from './types.ts';

/** Between two readings of a journal that refused a write; doubles up to the longest. */
const journalPauseMs = 1_000;
const longestJournalPauseMs = 60_000;

interface Live {
  run: Run;
  readonly feed: Feed;
  supervision: Promise<void>;
}

/** What the composition root calls. Plans and steps are the built-in ones unless given. */
export function createRunner(
  parts: Pick<RunnerParts, 'control' | 'journal' | 'ambient'> &
    Partial<Pick<RunnerParts, 'limits' | 'hooks' | 'plans' | 'steps'>>,
): Runner {
  return new Executor({
    limits: { parallel: defaultParallel },
    hooks: {},
    plans: new Map(builtinPlans.map((plan) => [plan.name, plan])),
    steps: new Map(builtinSteps.map((step) => [step.type, step])),
    ...parts,
  });
}

/** Admits orders, keeps the executions that are under way, and takes them up when their run breaks off. */
class Executor implements Runner {
  readonly #parts: RunnerParts;
  readonly #live = new Map<string, Live>();
  readonly #stopping = new AbortController();
  /** Orders are admitted one at a time, so that two can't both find a group free. */
  #admission: Promise<unknown> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = Object.freeze(parts);
  }

  /** Killed before `create`: nothing happened. After it: `resumeAll` carries the order out. */
  async start(order: ExecutionOrder): Promise<Execution> {
    this.#stopping.signal.throwIfAborted();
    const execution = await executionOf(order, this.#parts);
    if (execution.dryRun) {
      await this.#parts.journal.create(execution);
      return execution;
    }
    return this.#admit(async () => {
      assertAdmitted(execution, await this.#unfinished(execution.group));
      await this.#parts.journal.create(execution);
      const live = this.#adopt(execution);
      await this.#begin(live);
      return live.feed.current;
    });
  }

  async resumeAll(): Promise<void> {
    const unfinished = await this.#parts.journal.list({ unfinished: true });
    for (const execution of unfinished) {
      if (this.#live.has(execution.id)) continue;
      try {
        await this.#begin(this.#adopt(execution));
      } catch (error) {
        // Of a runbook that this version does not have: it must not keep the others from going on.
        const { id } = execution;
        this.#parts.ambient.log.error('execution not taken up', {
          id,
          error: describeError(error),
        });
      }
    }
  }

  cancel(id: string): Promise<Execution> {
    return this.#order(id, { type: 'cancelled', reason: 'cancelled by an operator' });
  }

  approve(id: string, step: string, reason?: string): Promise<Execution> {
    return this.#order(id, { type: 'approved', step, ...(reason === undefined ? {} : { reason }) });
  }

  async retry(id: string): Promise<Execution> {
    this.#stopping.signal.throwIfAborted();
    return this.#admit(async () => {
      const execution = await this.#load(id);
      const view = await this.#parts.control.group(execution.group);
      assertRetriable(execution, view, await this.#unfinished(execution.group));
      const retried = await this.#adopt(execution).run.dispatch({ type: 'retried' });
      this.#yieldDrills();
      return retried;
    });
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<Execution, void, undefined> {
    const live = this.#live.get(id);
    if (live === undefined) yield await this.#load(id);
    else yield* live.feed.follow(signal);
  }

  progress(id: string): Readonly<Record<string, ProgressSnapshot>> {
    return this.#live.get(id)?.run.progress() ?? {};
  }

  async stop(): Promise<void> {
    const reason = stopped();
    this.#stopping.abort(reason);
    await this.#admission;
    const all = [...this.#live.values()];
    await Promise.all(all.map(({ run }) => run.halt(reason)));
    await Promise.all(all.map(({ supervision }) => supervision));
  }

  #admit<T>(work: () => Promise<T>): Promise<T> {
    const admitted = this.#admission.then(work);
    this.#admission = admitted.catch(() => undefined); // The caller has it.
    return admitted;
  }

  #unfinished(group: string): Promise<readonly Execution[]> {
    return this.#parts.journal.list({ group, unfinished: true });
  }

  async #order(id: string, order: Order): Promise<Execution> {
    const live = this.#live.get(id);
    if (live !== undefined) return live.run.dispatch(order);
    const { state } = await this.#load(id);
    throw new FarshoreError(`execution is ${state}, and not under way here`, {
      code: state === 'ended' ? 'execution.ended' : 'execution.not-under-way',
      kind: state === 'ended' ? 'permanent' : 'transient',
      operation: 'change execution',
      subject: id,
    });
  }

  async #load(id: string): Promise<Execution> {
    const execution = await this.#parts.journal.load(id);
    if (execution !== null) return execution;
    throw new FarshoreError('there is no such execution', {
      code: 'execution.not-found',
      kind: 'permanent',
      operation: 'read execution',
      subject: id,
    });
  }

  #adopt(execution: Execution): Live {
    const feed = new Feed(execution);
    const live: Live = { run: this.#run(execution, feed), feed, supervision: Promise.resolve() };
    this.#live.set(execution.id, live);
    live.supervision = this.#supervise(execution.id, live);
    return live;
  }

  /** The execution is committed: a journal that refuses its first event is the supervision's matter, which logs it and tries again. */
  async #begin({ run }: Live): Promise<void> {
    await run.dispatch({ type: 'taken-up' }).catch(() => undefined);
    this.#yieldDrills();
  }

  #run(execution: Execution, feed: Feed): Run {
    return new Run(this.#parts, planOf(execution.runbook, this.#parts), execution, feed);
  }

  /** Never rejects: an execution must not stay dead because its journal hiccuped once. */
  async #supervise(id: string, live: Live): Promise<void> {
    for (let pauseMs = journalPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestJournalPauseMs)) {
      try {
        await live.run.over;
        break;
      } catch (error) {
        this.#parts.ambient.log.error('execution broke off', { id, error: describeError(error) });
      }
      if (!(await this.#again(id, live, pauseMs))) break;
    }
    live.feed.close();
    if (this.#live.get(id) === live) this.#live.delete(id); // Else a retry has taken its place.
  }

  /** False when there is nothing to go on with. A journal that still refuses breaks the new run off in turn. */
  async #again(id: string, live: Live, pauseMs: number): Promise<boolean> {
    const { clock } = this.#parts.ambient;
    while (!this.#isStopping()) {
      try {
        await clock.sleep(pauseMs, this.#stopping.signal);
        const execution = await this.#load(id);
        this.#stopping.signal.throwIfAborted();
        if (execution.state === 'ended') {
          live.feed.publish(execution);
          return false;
        }
        live.run = this.#run(execution, live.feed);
        await live.run.dispatch({ type: 'taken-up' });
        this.#yieldDrills();
        return true;
      } catch (error) {
        if (this.#isStopping()) return false;
        this.#parts.ambient.log.error('journal refused', { id, error: describeError(error) });
      }
    }
    return false;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Cancels the drills of groups that are being failed over. The failover is under way already: it
   * waits for no drill, the drill cleans up beside it. Called whenever an execution is taken up, so
   * that one which broke off in between is told too.
   */
  #yieldDrills(): void {
    const all = [...this.#live.entries()];
    for (const [id, { run, feed }] of all) {
      const { group, mode } = feed.current;
      const failover = all.find(([, other]) => isFailoverOf(group, other.feed.current));
      if (mode !== 'drill' || failover === undefined || feed.current.state === 'ended') continue;
      const reason = `failover ${failover[0]} of the group was ordered`;
      run.dispatch({ type: 'cancelled', reason }).catch((error: unknown) => {
        this.#parts.ambient.log.warn('drill not cancelled', { id, error: describeError(error) });
      });
    }
  }
}

function isFailoverOf(group: string, { mode, state, ...other }: Execution): boolean {
  return mode === 'failover' && other.group === group && state !== 'ended';
}

function stopped(): FarshoreError {
  return new FarshoreError('the controller is stopping', {
    code: 'runner.stopping',
    kind: 'transient',
    operation: 'run execution',
    hint: 'it goes on at the next start',
  });
}
