import type { Ambient } from '../../../kernel/ambient.ts';
import { keys } from '../../../controller/state/keys.ts';
import { put } from '../../../controller/store/store.ts';
import { silentLog } from '../../../kernel/log.ts';
import type { RunnerHooks } from '../../../runbooks/execution/parts.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { ExecutionOrder, Runner } from '../../../runbooks/runner.ts';
import { MemoryStore } from '../../controller/support/memory-store.ts';
import { collect } from '../../support/rejection.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Site } from './site.ts';
import { type Around, executionIn } from './watched-store.ts';
import { Worker, type WorkerOptions } from './worker.ts';

/** A worker over a site in memory, with time that passes by itself; others may join it. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly site = new Site(this.clock);
  readonly store = new MemoryStore();
  /** Every state that was committed, in order. */
  readonly writes: Execution[] = [];
  readonly first: Worker;
  readonly #ambient: Ambient;
  #ids = 0;

  constructor(around?: Around, hooks: RunnerHooks = {}) {
    const id = (): string =>
      (this.#ids++).toString(16).padStart(16, '0').split('').reverse().join('');
    this.#ambient = { clock: this.clock, random: { next: () => 0.5, id }, log: silentLog };
    this.store.beforeWrite = (operations) => {
      const execution = executionIn(operations);
      if (execution !== null) this.writes.push(execution);
    };
    this.first = this.worker({ hooks, ...(around === undefined ? {} : { around }) });
  }

  worker(options: Pick<WorkerOptions, 'around' | 'hooks' | 'region'> = {}): Worker {
    const { store, site: control } = this;
    return new Worker({ store, control, ambient: this.#ambient, ...options });
  }

  /** One more, which is there and knows it. */
  async join(options: Pick<WorkerOptions, 'around' | 'hooks' | 'region'> = {}): Promise<Worker> {
    const worker = this.worker(options);
    await worker.ready;
    return worker;
  }

  get runner(): Runner {
    return this.first.runner;
  }

  get journal() {
    return this.first.journal;
  }

  /** What is on disk now. */
  stored(): readonly Execution[] {
    return [...new Map(this.writes.map((each) => [each.id, each])).values()];
  }

  async start(
    runbook: 'drill' | 'failover',
    change: Partial<ExecutionOrder> = {},
  ): Promise<Execution> {
    await this.first.ready;
    const points = this.site.allPoints.map((each) => put(keys.point(each.group, each.id), each));
    await this.store.transact([], points);
    return this.runner.start(orderOf(runbook, change));
  }

  /** From the order to the end. */
  async run(
    runbook: 'drill' | 'failover',
    change: Partial<ExecutionOrder> = {},
  ): Promise<Execution> {
    return this.ended((await this.start(runbook, change)).id);
  }

  async ended(id: string, runner = this.runner): Promise<Execution> {
    const states = await collect(runner.watch(id, new AbortController().signal));
    return states.at(-1)!;
  }

  /** The first saved state in which something holds. */
  async until(
    id: string,
    holds: (execution: Execution) => boolean,
    runner = this.runner,
  ): Promise<Execution> {
    for await (const execution of runner.watch(id, new AbortController().signal))
      if (holds(execution)) return execution;
    throw new Error(`${id} ended before`);
  }
}

/** A failover that needs no fence, unless the test says otherwise: the site's primary answers none. */
export function orderOf(
  runbook: 'drill' | 'failover',
  change: Partial<ExecutionOrder> = {},
): ExecutionOrder {
  const unfenced = runbook === 'failover' ? { unfenced: { reason: 'east burnt down' } } : {};
  const params = { ...unfenced, ...change.params };
  return { runbook, group: 'shop', mode: runbook, dryRun: false, ...change, params };
}

export function stateOf(execution: Execution, step: string): string | undefined {
  return execution.steps.find((each) => each.id === step)?.state;
}

export function notesOf(execution: Execution): string {
  return execution.steps.flatMap((step) => step.notes).join('\n');
}
