import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { GroupView } from '../../api/routes/groups.ts';
import type { SessionSummary } from '../../model/types.ts';
import type { ApiClient } from '../api-client.ts';
import type { ListedPoint } from '../../service/keeping.ts';
import { confirm } from '../confirm.ts';
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
  addRelease(group);
}

function addDelete(group: Command): void {
  group
    .command('delete <name>')
    .description('stop protecting; what a failover brought up stays')
    .option('--delete-points', 'delete its recovery points and their data too; asks for its name')
    .option('--reason <text>', 'why; it is audited')
    .option('--yes', 'do not ask')
    .action(async (name: string, options: DeleteOptions, command: Command) => {
      const { deletePoints = false, reason, yes } = options;
      const client = clientOf(command);
      if (deletePoints && yes !== true) await confirm(name, await whatGoes(client, name));
      await client.delete(path(name), { deletePoints, reason });
      process.stdout.write(`group ${name} deleted\n`);
    });
}

interface DeleteOptions {
  readonly deletePoints?: true;
  readonly reason?: string;
  readonly yes?: true;
}

async function whatGoes(client: ApiClient, name: string): Promise<string> {
  const points = await client.list<ListedPoint>(`${path(name)}/points`);
  const [newest] = points;
  if (newest === undefined) return `This deletes group ${name}, which has no recovery point.`;
  const count = points.length === 1 ? 'recovery point' : `${points.length} recovery points`;
  return `This deletes group ${name} with its ${count} and their data, the newest of ${newest.dataTime}: nothing can be recovered from them afterwards.`;
}

function addSync(group: Command): void {
  group
    .command('sync <name>')
    .description('replicate now, and wait; exit status 0 only when a new proven point is there')
    .option('--no-wait', 'only order it')
    .action(async (name: string, options: { wait: boolean }, command: Command) => {
      const client = clientOf(command);
      const ended = await (options.wait ? syncNow(client, name) : orderSync(client, name));
      const format = globalsOf(command).output;
      const lack = options.wait ? await shortcoming(client, name, ended) : null;
      const rest = lack === null ? '' : `; ${lack}`;
      if (!printData(format, ended)) process.stdout.write(`${describe(ended)}${rest}\n`);
      if (lack !== null || (options.wait && !isWhole(ended))) answerNo();
    });
}

function isWhole({ phase, lacks }: SessionSummary): boolean {
  return phase === 'done' && lacks === 0;
}

/**
 * Why the point of a session that is whole is not proven all the same: it may be damaged from its beginning,
 * in what it shares with others. Null: it is, or the session itself says what it lacks.
 */
export async function shortcoming(
  client: Pick<ApiClient, 'list'>,
  name: string,
  ended: SessionSummary,
): Promise<string | null> {
  if (!isWhole(ended)) return null;
  const points = await client.list<ListedPoint>(`${path(name)}/points`);
  // The session and its point have one id.
  const point = points.find(({ id }) => id === ended.id);
  if (point === undefined) return 'its point is gone already';
  if (point.state === 'proven') return null;
  const [first] = point.checked.findings;
  const shown = first === undefined ? '' : `: ${first.subject} ${first.problem}, ${first.detail}`;
  return `its point is ${point.state}, in what it shares with others${shown}. Another session repairs what the source still has`;
}

/**
 * A session that was under way when it was ordered has looked at the source before: it is waited for, and
 * another follows it, so that what was written before the order is in the point.
 */
export async function syncNow(client: ApiClient, name: string): Promise<SessionSummary> {
  const { status } = await client.get<GroupView>(path(name));
  const { id } = await orderSync(client, name);
  const ended = await followSession(client, name, id);
  if (id !== status.session?.id) return ended;
  return followSession(client, name, (await orderSync(client, name)).id);
}

function orderSync(client: ApiClient, name: string): Promise<SessionSummary> {
  return client.post<SessionSummary>(`${path(name)}/sync`);
}

function addRelease(group: Command): void {
  group
    .command('release <name> <resource>')
    .description(
      'what happened to a member in the source is as it should be: its old copies go by the policy again',
    )
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(
      async (name: string, resource: string, options: { reason: string }, command: Command) => {
        await clientOf(command).post(`${path(name)}/release`, { resource, ...options });
        process.stdout.write(`${resource} of group ${name} released\n`);
      },
    );
}

function describe(session: SessionSummary): string {
  const { bytes, objects } = session.moved;
  const shipped = `${bytes} bytes and ${objects} objects shipped`;
  const error = session.error === null ? '' : `: ${session.error.message} (${session.error.code})`;
  const lacks =
    session.lacks === 0
      ? ''
      : `; ${session.lacks} resources are not whole in its point (farshore group show names them)`;
  return `session ${session.id} ${session.phase}, ${shipped}${lacks}${error}`;
}

function path(name: string): string {
  return `/groups/${encodeURIComponent(name)}`;
}
