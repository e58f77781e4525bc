import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { isoTime } from '../../kernel/clock.ts';
import { Meter, type ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { PointManifest } from '../../replicator/point/types.ts';
import type { Plan } from '../plan.ts';
import type { StepContext } from '../steps/step.ts';
import { attempt, cancellation } from './attempt.ts';
import { auditOfApprovals } from './audit.ts';
import type { Effect, ExecutionEvent } from './events.ts';
import type { RunnerParts } from './parts.ts';
import { transition } from './state.ts';
import type { Execution, SavedWith, StandingOrder, StepRecord } from './types.ts';

/** First wait before another attempt; doubles up to the longest. */
const backoffMs = 1_000;
const longestBackoffMs = 60_000;

type Unstamped<E> = E extends unknown ? Omit<E, 'at'> : never;
type Order = Unstamped<ExecutionEvent>;

/**
 * One execution in this process, which holds its claim. Events are taken one after another; of each,
 * the new state is saved first, then its effects are carried out, and what comes of them is the next
 * event. Orders that stand are events too: each goes away in the save of the state it leads to.
 *
 * Killed before a save: the event never happened, a step that had ended runs again with its memo.
 * Killed after it: the step is `running`, or settled, in the journal, and is taken up or left alone.
 * A save whose answer is lost or refused breaks the run off, since the journal may be ahead: the
 * steps are aborted, and who supervises reads the journal and takes the execution up anew.
 */
export class Run {
  readonly #parts: RunnerParts;
  readonly #plan: Plan;
  readonly #meters = new Map<string, Meter>();
  readonly #attempts = new Map<string, AbortController>();
  readonly #working = new Set<Promise<void>>();
  /** Aborts all: the runner stops, or the run broke off. */
  readonly #halt = new AbortController();
  /** Aborts when there is nothing left to order. */
  readonly #closed = new AbortController();
  readonly #over = Promise.withResolvers<undefined>();
  #execution: Execution;
  #last: Promise<unknown> = Promise.resolve();
  readonly #manifests = new Map<string, Promise<PointManifest>>();

  constructor(parts: RunnerParts, plan: Plan, execution: Execution) {
    this.#parts = parts;
    this.#plan = plan;
    this.#execution = execution;
    // Whoever awaits `over` later still gets the failure.
    this.#over.promise.catch(() => undefined);
  }

  /** Resolves when the execution ended or was halted, rejects when the run broke off; nothing of it runs then. */
  get over(): Promise<undefined> {
    return this.#over.promise;
  }

  /** As last saved. */
  get execution(): Execution {
    return this.#execution;
  }

  progress(): Readonly<Record<string, ProgressSnapshot>> {
    return Object.fromEntries([...this.#meters].map(([id, meter]) => [id, meter.snapshot()]));
  }

  /** Takes it up, then the orders that stand. Throws what the journal throws; the run broke off then. */
  async begin(): Promise<void> {
    const { state } = await this.dispatch({ type: 'taken-up' });
    if (state !== 'ended') this.#track(this.#obey());
  }

  /**
   * Resolves with the saved state. Throws `execution.illegal-move`, or what the journal throws.
   * `standing`: the id of the order that this is, which stands no more when the state is saved.
   */
  dispatch(order: Order, standing?: string): Promise<Execution> {
    const taken = this.#last.then(() => this.#take(order, standing));
    this.#last = taken.catch(() => undefined); // The caller has it.
    return taken;
  }

  /** Aborts what is under way without a word in the journal, so that the next process takes it up. */
  async halt(reason: FarshoreError): Promise<void> {
    this.#halt.abort(reason);
    await this.#last;
    await Promise.all(this.#working);
    this.#over.resolve(undefined);
  }

  async #take(order: Order, standing: string | undefined): Promise<Execution> {
    this.#halt.signal.throwIfAborted();
    const at = isoTime(this.#parts.ambient.clock.now());
    const before = this.#execution;
    const { execution, effects } = transition(before, { ...order, at });
    if (execution !== before)
      await this.#save(execution, {
        ...(standing === undefined ? {} : { orders: [standing] }),
        ...(order.type === 'approved' ? { audit: auditOfApprovals(before, execution) } : {}),
      });
    else if (standing !== undefined) await this.#parts.orders.dismiss(before.id, standing);
    for (const effect of effects) this.#perform(effect);
    return execution;
  }

  async #save(execution: Execution, saved: SavedWith): Promise<void> {
    try {
      await this.#parts.journal.save(execution, saved);
    } catch (error) {
      this.#breakOff(error);
      throw error;
    }
    this.#execution = execution;
  }

  async #obey(): Promise<void> {
    const { orders } = this.#parts;
    const signal = AbortSignal.any([this.#halt.signal, this.#closed.signal]);
    const seen = new Set<string>();
    for await (const standing of orders.standing(this.#execution.id, signal))
      for (const order of standing) {
        if (signal.aborted) return;
        if (seen.has(order.id)) continue;
        seen.add(order.id);
        await this.#carryOut(order, signal);
      }
  }

  /** One that the state does not allow any more has no effect: it was allowed when it was given. */
  async #carryOut({ id, instruction }: StandingOrder, signal: AbortSignal): Promise<void> {
    try {
      await this.dispatch(instruction, id);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof FarshoreError) || error.kind !== 'permanent') throw error;
      const { id: execution } = this.#execution;
      const told = { execution, order: instruction.type, error: describeError(error) };
      this.#parts.ambient.log.warn('order has no effect any more', told);
      await this.#parts.orders.dismiss(execution, id);
    }
  }

  /** Not awaited: what it waits for may be waiting for the save that failed. */
  #breakOff(error: unknown): void {
    if (this.#halt.signal.aborted) return;
    this.#halt.abort(error);
    void Promise.all(this.#working).then(() => this.#over.reject(error));
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'run':
        this.#start(effect.step, effect.failures);
        return;
      case 'abort':
        this.#attempts.get(effect.step)?.abort(cancellation(effect.step, effect.reason));
        return;
      case 'settled':
        this.#settled(this.#step(effect.step));
        return;
      case 'ended':
        this.#ended();
        return;
    }
  }

  #start(id: string, failures: number): void {
    const controller = new AbortController();
    this.#attempts.set(id, controller);
    this.#track(this.#run(id, failures, AbortSignal.any([this.#halt.signal, controller.signal])));
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#breakOff(error))
      .finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }

  async #run(id: string, failures: number, signal: AbortSignal): Promise<void> {
    const step = this.#step(id);
    const implementation = this.#parts.steps.get(step.type);
    if (implementation === undefined) throw unknownType(step);
    const { log } = this.#parts.ambient;
    log.info('step started', { ...this.#names(step), attempt: step.attempts });
    const outcome = await attempt(implementation, this.#context(id, signal), this.#pause(failures));
    if (this.#halt.signal.aborted) return;
    // What ends the step is said when it is settled; this may be followed by another attempt.
    if (outcome.state === 'failed' && outcome.isTransient)
      log.warn('attempt of a step failed', {
        ...this.#names(step),
        attempt: step.attempts,
        ...outcome.error,
      });
    await this.dispatch({ type: 'step-ended', step: id, outcome });
  }

  /** Full jitter over the upper half, so that steps which failed together don't come back together. */
  #pause(failures: number): number {
    if (failures === 0) return 0;
    const longest = Math.min(longestBackoffMs, backoffMs * 2 ** (failures - 1));
    return longest * (0.5 + this.#parts.ambient.random.next() / 2);
  }

  #context(id: string, signal: AbortSignal): Omit<StepContext, 'note'> {
    const { ambient, control } = this.#parts;
    const meter = new Meter(ambient.clock);
    this.#meters.set(id, meter);
    return {
      execution: this.#execution,
      step: this.#step(id),
      control,
      ambient,
      memo: {
        get: (key) => this.#step(id).memo[key],
        set: async (key, value) => {
          await this.dispatch({ type: 'step-remembered', step: id, key, value });
        },
      },
      progress: meter,
      signal,
      manifest: (point) => this.#readManifest(point),
      expand: (manifest) => this.#plan.expand(this.#execution.params, manifest),
    };
  }

  /** Kept by point; a reading that failed is not. With the run's signal: steps share it. */
  #readManifest(point: string): Promise<PointManifest> {
    const known = this.#manifests.get(point);
    if (known !== undefined) return known;
    const { group } = this.#execution;
    const read = this.#parts.control.manifest(group, point, this.#halt.signal);
    this.#manifests.set(point, read);
    read.catch(() => {
      if (this.#manifests.get(point) === read) this.#manifests.delete(point);
    });
    return read;
  }

  #settled(step: StepRecord): void {
    const { hooks, ambient } = this.#parts;
    const { group, mode } = this.#execution;
    const { type, state, startedAt, endedAt, error } = step;
    const seconds = secondsBetween(startedAt ?? endedAt, endedAt);
    const fields = { ...this.#names(step), state, seconds, ...(error === undefined ? {} : error) };
    if (state === 'failed') ambient.log.warn('step failed', fields);
    else ambient.log.info('step ended', fields);
    hooks.onStep?.({ group, mode, type, result: state, seconds });
  }

  #ended(): void {
    const { hooks, ambient } = this.#parts;
    const { id, group, mode, result, point, rpoSeconds, rtoSeconds } = this.#execution;
    ambient.log.info('execution ended', { id, group, mode, result, point, rpoSeconds, rtoSeconds });
    if (result !== undefined) hooks.onEnd?.({ group, mode, result });
    this.#closed.abort();
    this.#over.resolve(undefined);
  }

  #names(step: StepRecord): { readonly execution: string; readonly step: string } {
    return { execution: this.#execution.id, step: step.id };
  }

  #step(id: string): StepRecord {
    const step = this.#execution.steps.find((each) => each.id === id);
    if (step === undefined) throw new Error(`no step ${id}: effects name steps of the same state`);
    return step;
  }
}

function secondsBetween(from: string | undefined, to: string | undefined): number {
  return from === undefined || to === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 1000;
}

/** Written by another version of the program. */
function unknownType(step: StepRecord): FarshoreError {
  return new FarshoreError(`there is no step of type ${step.type} in this version`, {
    code: 'step.type-unknown',
    kind: 'permanent',
    operation: 'run step',
    subject: step.id,
  });
}
