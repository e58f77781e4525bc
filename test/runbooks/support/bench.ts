import { silentLog } from '../../../kernel/log.ts';
import { createRunner } from '../../../runbooks/execution/executor.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { RunnerHooks } from '../../../runbooks/execution/parts.ts';
import type { ExecutionOrder, Runner } from '../../../runbooks/runner.ts';
import { collect } from '../../support/rejection.ts';
import { MemoryExecutionJournal } from '../../support/memory/execution-journal.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Site } from './site.ts';

/** A runner over a site in memory, with time that passes by itself. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly site = new Site(this.clock);
  readonly journal: MemoryExecutionJournal;
  readonly runner: Runner;
  #ids = 0;

  constructor(journal = new MemoryExecutionJournal(), hooks: RunnerHooks = {}) {
    this.journal = journal;
    this.runner = this.runnerOn(journal, hooks);
  }

  runnerOn(journal: MemoryExecutionJournal, hooks: RunnerHooks = {}): Runner {
    const id = (): string =>
      (this.#ids++).toString(16).padStart(16, '0').split('').reverse().join('');
    const ambient = { clock: this.clock, random: { next: () => 0.5, id }, log: silentLog };
    return createRunner({ control: this.site, journal, ambient, hooks });
  }

  start(runbook: 'drill' | 'failover', change: Partial<ExecutionOrder> = {}): Promise<Execution> {
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
  async until(id: string, holds: (execution: Execution) => boolean): Promise<Execution> {
    for await (const execution of this.runner.watch(id, new AbortController().signal))
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
