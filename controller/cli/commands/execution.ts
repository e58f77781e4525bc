import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { Execution } from '../../../runbooks/execution/types.ts';
import { clientOf, globalsOf } from '../context.ts';
import { formatSeconds } from '../format.ts';
import { print, printData, type Column } from '../output.ts';
import { followExecution, printOutcome } from './follow.ts';

const columns: readonly Column<Execution>[] = [
  { title: 'EXECUTION', value: (item) => item.id },
  { title: 'RUNBOOK', value: (item) => `${item.runbook}${item.dryRun ? ' (dry run)' : ''}` },
  { title: 'GROUP', value: (item) => item.group },
  { title: 'STATE', value: stateOf },
  { title: 'DECLARED', value: (item) => item.declaredAt },
  { title: 'POINT', value: (item) => item.point ?? '-' },
  { title: 'RPO', value: (item) => formatSeconds(item.rpoSeconds) },
  { title: 'RTO', value: (item) => formatSeconds(item.rtoSeconds) },
];

/** A dry run changes nothing: what it succeeded in is a plan. */
function stateOf({ dryRun, result, state }: Execution): string {
  return dryRun && result === 'succeeded' ? 'planned' : (result ?? state);
}

export function addExecution(program: Command): void {
  const execution = program.command('execution').description('runs of runbooks');
  execution
    .command('list')
    .description('newest first')
    .option('--group <group>', 'only those of this group')
    .action(async (options: { group?: string }, command: Command) => {
      const items = await clientOf(command).list<Execution>('/executions', options);
      print(globalsOf(command).output, items, items, columns);
    });
  execution
    .command('show <id>')
    .description('an execution with its steps')
    .action(async (id: string, _options: unknown, command: Command) => {
      const item = await clientOf(command).get(`/executions/${encodeURIComponent(id)}`);
      if (!printData(globalsOf(command).output, item)) process.stdout.write(stringify(item));
    });
  execution
    .command('watch <id>')
    .description('follow it to its end; exit status 0 only when all was verified')
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = clientOf(command);
      const { output } = globalsOf(command);
      await printOutcome(client, await followExecution(client, id, output), output);
    });
  execution
    .command('report <id>')
    .description('what was done, checked and reached; exit status 0 only when all was verified')
    .action(async (id: string, _options: unknown, command: Command) => {
      const client = clientOf(command);
      const path = `/executions/${encodeURIComponent(id)}`;
      const state = await client.get<{ execution: Execution }>(path);
      await printOutcome(client, state.execution, globalsOf(command).output);
    });
  addOrders(execution);
}

function addOrders(execution: Command): void {
  const orders = {
    cancel: 'take no further steps; a drill is cleaned up',
    retry: 'run the failed steps of an ended execution again',
  };
  for (const [order, description] of Object.entries(orders)) {
    execution
      .command(`${order} <id>`)
      .description(description)
      .action(async (id: string, _options: unknown, command: Command) => {
        const path = `/executions/${encodeURIComponent(id)}/${order}`;
        printState(await clientOf(command).post<Execution>(path), command);
      });
  }
  execution
    .command('approve <id> <step>')
    .description('pass a gate')
    .option('--reason <text>', 'why; some gates ask for it, and it goes into the report')
    .action(async (id: string, step: string, options: { reason?: string }, command: Command) => {
      const path = `/executions/${encodeURIComponent(id)}/steps/${encodeURIComponent(step)}/approve`;
      printState(await clientOf(command).post<Execution>(path, options), command);
    });
}

function printState(execution: Execution, command: Command): void {
  if (printData(globalsOf(command).output, execution)) return;
  process.stdout.write(`execution ${execution.id} ${execution.result ?? execution.state}\n`);
}
