import type { Command } from 'commander';

import type { StoredAudit } from '../../service.ts';
import { clientOf, globalsOf } from '../context.ts';
import { print, type Column } from '../output.ts';

const columns: readonly Column<StoredAudit>[] = [
  { title: 'TIME', value: (item) => item.at },
  { title: 'ACTION', value: (item) => item.action },
  { title: 'SUBJECT', value: (item) => item.subject },
  { title: 'REASON', value: (item) => item.reason },
  { title: 'SITE', value: (item) => item.site },
];

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('what was done against a safeguard, and what was deleted')
    .command('list')
    .description('newest first: when, what, and the reason that was given')
    .action(async (_options: unknown, command: Command) => {
      const items = await clientOf(command).list<StoredAudit>('/audit');
      print(globalsOf(command).output, items, items, columns);
    });
}
