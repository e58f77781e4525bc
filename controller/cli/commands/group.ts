import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { GroupView } from '../../api/routes/groups.ts';
import type { SessionSummary } from '../../model/types.ts';
import { answerNo, clientOf, globalsOf } from '../context.ts';
import { print, printData } from '../output.ts';
import { addApply } from './documents.ts';
import { groupColumns } from './status.ts';
import { followSession } from './session.ts';

export function addGroup(program: Command): void {
  const group = program.command('group').description('protection groups');
  group
    .command('list')
    .description('all groups against their objectives')
    .action(async (_options: unknown, command: Command) => {
      const items = await clientOf(command).list<GroupView>('/groups');
      const states = items.map((item) => item.status);
      print(globalsOf(command).output, items, states, groupColumns);
    });
  group
    .command('show <name>')
    .description('a group as applied, its members as found, and its state')
    .action(async (name: string, _options: unknown, command: Command) => {
      const item = await clientOf(command).get<GroupView>(path(name));
      if (!printData(globalsOf(command).output, item)) process.stdout.write(stringify(item));
    });
  addApply(group, 'groups');
  addDelete(group);
  addSync(group);
}

function addDelete(group: Command): void {
  group
    .command('delete <name>')
    .description('stop protecting; what a failover brought up stays')
    .option('--delete-points', 'delete its recovery points and their data too')
    .action(async (name: string, options: { deletePoints?: true }, command: Command) => {
      const deletePoints = options.deletePoints ?? false;
      await clientOf(command).delete(path(name), { deletePoints });
      process.stdout.write(`group ${name} deleted\n`);
    });
}

function addSync(group: Command): void {
  group
    .command('sync <name>')
    .description('replicate now, and wait; exit status 0 only when a new proven point is there')
    .option('--no-wait', 'only order it')
    .action(async (name: string, options: { wait: boolean }, command: Command) => {
      const client = clientOf(command);
      const started = await client.post<SessionSummary>(`${path(name)}/sync`);
      const ended = options.wait ? await followSession(client, name, started.id) : started;
      const format = globalsOf(command).output;
      if (!printData(format, ended)) process.stdout.write(`${describe(ended)}\n`);
      if (options.wait && ended.phase !== 'done') answerNo();
    });
}

function describe(session: SessionSummary): string {
  const { bytes, objects } = session.moved;
  const shipped = `${bytes} bytes and ${objects} objects shipped`;
  const error = session.error === null ? '' : `: ${session.error.message} (${session.error.code})`;
  return `session ${session.id} ${session.phase}, ${shipped}${error}`;
}

function path(name: string): string {
  return `/groups/${encodeURIComponent(name)}`;
}
