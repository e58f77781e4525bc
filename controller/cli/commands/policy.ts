import type { Command } from 'commander';

import { clientOf, globalsOf } from '../context.ts';
import { print, printData, type Column } from '../output.ts';
import { addApply } from './documents.ts';
import { stringify } from 'yaml';
import type { PolicyDocument } from '../../model/policy-document.ts';

const columns: readonly Column<PolicyDocument>[] = [
  { title: 'POLICY', value: (policy) => policy.name },
  { title: 'RPO', value: (policy) => policy.objectives.rpo },
  { title: 'RTO', value: (policy) => policy.objectives.rto },
  {
    title: 'SCHEDULE',
    value: ({ schedule }) => schedule.cron ?? `every ${schedule.every ?? ''}`,
  },
  { title: 'TARGET', value: (policy) => policy.target },
];

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('protection policies');
  policy
    .command('list')
    .description('all policies')
    .action(async (_options: unknown, command: Command) => {
      const items = await clientOf(command).list<PolicyDocument>('/policies');
      print(globalsOf(command).output, items, items, columns);
    });
  policy
    .command('show <name>')
    .description('one policy, in the form that apply takes')
    .action(async (name: string, _options: unknown, command: Command) => {
      const item = await clientOf(command).get(`/policies/${encodeURIComponent(name)}`);
      if (!printData(globalsOf(command).output, item)) process.stdout.write(stringify(item));
    });
  addApply(policy, 'policies');
  policy
    .command('delete <name>')
    .description('delete a policy that no group uses')
    .action(async (name: string, _options: unknown, command: Command) => {
      await clientOf(command).delete(`/policies/${encodeURIComponent(name)}`);
      process.stdout.write(`policy ${name} deleted\n`);
    });
}
