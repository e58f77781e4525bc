import { FarshoreError } from '../../kernel/errors.ts';
import { isoTime } from '../../kernel/clock.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { plans as builtinPlans } from '../plans/index.ts';
import type { ExecutionOrder, Runner } from '../runner.ts';
import { builtinSteps } from '../steps/index.ts';
import { admission, assertRetriable, mustChooseAnew, regionsOf } from './admission.ts';
import { auditOfOrder } from './audit.ts';
import { withDeadline } from './deadline.ts';
import { Duty } from './duty.ts';
import { executionOf } from './order.ts';
import type { RunnerParts } from './parts.ts';
import { defaultParallel } from './schedule.ts';
import { transition } from './state.ts';
import type { Execution, Instruction } from './types.ts';

/** How long an order waits for whoever carries the execution out. */
const patienceMs = 10_000;

/** What the composition root calls. Plans and steps are the built-in ones unless given. */
export function createRunner(
  parts: Pick<RunnerParts, 'control' | 'journal' | 'orders' | 'claims' | 'turns' | 'ambient'> &
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

/**
 * Admits orders, from wherever, by committing them to the journal; the executions whose turn it is
 * here are carried out by `Duty`. Nothing is kept here: any process answers for any execution.
 */
class Executor implements Runner {
  readonly #parts: RunnerParts;
  readonly #duty: Duty;
  readonly #stopping = new AbortController();

  constructor(parts: RunnerParts) {
    this.#parts = Object.freeze(parts);
    this.#duty = new Duty(this.#parts);
  }

  begin(): Promise<void> {
    return this.#duty.begin();
  }

  /** Killed before `create`: nothing happened. After it: whoever's turn it is carries the order out. */
  async start(order: ExecutionOrder): Promise<Execution> {
    this.#stopping.signal.throwIfAborted();
    const { journal, control } = this.#parts;
    const { requestKey, ...rest } = order;
    const request = requestKey === undefined ? undefined : { key: requestKey, order: rest };
    const known = request === undefined ? null : await journal.requested(request);
    if (known !== null) return known;
    const execution = await executionOf(order, this.#parts);
    const regions = regionsOf(execution, await control.group(order.group));
    const audit = auditOfOrder(execution);
    return journal.create(execution, admission(execution, execution.declaredAt, regions), {
      request,
      audit,
    });
  }

  cancel(id: string): Promise<Execution> {
    return this.#order(id, { type: 'cancelled', reason: 'cancelled by an operator' });
  }

  approve(id: string, step: string, reason?: string): Promise<Execution> {
    return this.#order(id, {
      type: 'approved',
      step,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  async retry(id: string): Promise<Execution> {
    this.#stopping.signal.throwIfAborted();
    const { journal, control } = this.#parts;
    const execution = await this.#load(id);
    const view = await control.group(execution.group);
    assertRetriable(execution, view);
    const at = this.#now();
    const choosesAnew = mustChooseAnew(execution, await control.points(execution.group));
    const { execution: retried } = transition(execution, { type: 'retried', at, choosesAnew });
    await journal.reopen(retried, admission(retried, at, regionsOf(retried, view)));
    return retried;
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<Execution, void, undefined> {
    await this.#load(id);
    yield* this.#parts.journal.follow(id, AbortSignal.any([signal, this.#stopping.signal]));
  }

  progress(id: string): Readonly<Record<string, ProgressSnapshot>> {
    return this.#duty.progress(id);
  }

  async stop(): Promise<void> {
    const reason = stopped();
    this.#stopping.abort(reason);
    await this.#duty.stop(reason);
  }

  /**
   * Refused by the stored state, or committed for whoever carries the execution out, by whose save it
   * goes away. Killed, or the answer lost, after that: it stands, and given again it changes nothing.
   */
  async #order(id: string, instruction: Instruction): Promise<Execution> {
    this.#stopping.signal.throwIfAborted();
    const execution = await this.#load(id);
    if (execution.state === 'ended') throw ended(id);
    const at = this.#now();
    if (transition(execution, { ...instruction, at }).execution === execution) return execution;
    const order = { id: this.#parts.ambient.random.id(), instruction, at };
    await this.#parts.orders.place(execution, order);
    await this.#settled(id, order.id);
    return this.#load(id);
  }

  async #settled(id: string, order: string): Promise<void> {
    const { orders, ambient } = this.#parts;
    await withDeadline(
      ambient.clock,
      patienceMs,
      this.#stopping.signal,
      () => notUnderWay(id),
      (signal) => orders.settled(id, order, signal),
    );
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

  #now(): string {
    return isoTime(this.#parts.ambient.clock.now());
  }
}

function ended(id: string): FarshoreError {
  return new FarshoreError('execution is ended', {
    code: 'execution.ended',
    kind: 'permanent',
    operation: 'change execution',
    subject: id,
  });
}

function notUnderWay(id: string): FarshoreError {
  return new FarshoreError('no controller has taken the order yet', {
    code: 'execution.not-under-way',
    kind: 'transient',
    operation: 'change execution',
    subject: id,
    hint: 'the order stands, and is carried out when a controller takes the execution up',
  });
}

function stopped(): FarshoreError {
  return new FarshoreError('the controller is stopping', {
    code: 'runner.stopping',
    kind: 'transient',
    operation: 'run execution',
    hint: 'it goes on in another controller, or at the next start',
  });
}
