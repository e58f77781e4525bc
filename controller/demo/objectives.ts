import type { Execution, StepRecord } from '../../runbooks/execution/types.ts';
import { formatSeconds } from '../cli/format.ts';
import { print } from '../cli/output.ts';

/** What was reached against what was asked for, and where the time went. */
export function printObjectives(execution: Execution): void {
  const { steps, rpoSeconds, rpoObjectiveSeconds, rtoSeconds, rtoObjectiveSeconds } = execution;
  print('table', execution, steps, [
    { title: 'STEP', value: (step) => step.title },
    { title: 'STATE', value: (step) => step.state },
    { title: 'TOOK', value: (step) => formatSeconds(tookSeconds(step)) },
  ]);
  process.stdout.write('\n');
  const objectives = [
    { name: 'RPO', reached: rpoSeconds, objective: rpoObjectiveSeconds },
    { name: 'RTO', reached: rtoSeconds, objective: rtoObjectiveSeconds },
  ];
  print('table', execution, objectives, [
    { title: 'OBJECTIVE', value: ({ name }) => name },
    { title: 'REACHED', value: ({ reached }) => formatSeconds(reached) },
    { title: 'ALLOWED', value: ({ objective }) => formatSeconds(objective) },
    {
      title: 'MET',
      value: ({ reached, objective }) =>
        reached !== undefined && reached <= objective ? 'yes' : 'NO',
    },
  ]);
}

function tookSeconds({ startedAt, endedAt }: StepRecord): number | null {
  if (startedAt === undefined || endedAt === undefined) return null;
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}
