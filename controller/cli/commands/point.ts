import type { Command } from 'commander';
import { stringify } from 'yaml';

import { unknownFormats } from '../../../replicator/point/formats.ts';
import type { PointMember, RecoveryPoint } from '../../../replicator/point/types.ts';
import type { ListedPoint } from '../../service/keeping.ts';
import { confirm } from '../confirm.ts';
import { answerNo, clientOf, globalsOf } from '../context.ts';
import { formatBytes } from '../format.ts';
import { print, printData, type Column } from '../output.ts';

const columns: readonly Column<ListedPoint>[] = [
  { title: 'POINT', value: (point) => point.id },
  { title: 'STATE', value: stateOf },
  { title: 'DATA TIME', value: (point) => point.dataTime },
  { title: 'REGION', value: (point) => point.region },
  { title: 'RESOURCES', value: (point) => String(point.resources) },
  { title: 'OBJECTS', value: (point) => point.objects.toLocaleString('en') },
  { title: 'SIZE', value: (point) => formatBytes(point.bytes) },
  { title: 'LACKS', value: ({ members }) => String(members.filter(isOpen).length) },
  { title: 'CHECKED', value: ({ checked }) => `${checked.at} (${checked.depth})` },
  { title: 'KEPT FOR', value: ({ kept }) => (kept.length === 0 ? '-' : kept.join('; ')) },
];

function isOpen({ state }: PointMember): boolean {
  return state !== 'proven';
}

function stateOf({ state, formats }: RecoveryPoint): string {
  const unknown = unknownFormats(formats);
  return unknown.length === 0 ? state : `${state}, not understood (${unknown.join(', ')})`;
}

export function addPoint(program: Command): void {
  const point = program.command('point').description('recovery points');
  point
    .command('list <group>')
    .description('newest first')
    .action(async (group: string, _options: unknown, command: Command) => {
      const items = await clientOf(command).list<ListedPoint>(path(group));
      print(globalsOf(command).output, items, items, columns);
    });
  point
    .command('show <group> <point>')
    .description('a point and its manifest')
    .action(async (group: string, id: string, _options: unknown, command: Command) => {
      const item = await clientOf(command).get(path(group, id));
      if (!printData(globalsOf(command).output, item)) process.stdout.write(stringify(item));
    });
  point
    .command('verify <group> [point]')
    .description(
      'check a point in the secondary (the newest unless named); exit status 0 only when it is whole',
    )
    .option(
      '--depth <depth>',
      'content: read every byte back; listing: names, sizes, hashes',
      'content',
    )
    .action(verify);
  point
    .command('hold <group> <point>')
    .description('keep a point out of retention until it is released')
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(keep('hold', 'held'));
  point
    .command('release <group> <point>')
    .description('let a point that was held go by the policy again')
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(keep('release', 'released'));
  point
    .command('delete <group> <point>')
    .description('delete a point; never the newest proven one; asks for its id')
    .option('--reason <text>', 'why; it is audited')
    .option('--yes', 'do not ask')
    .action(deleteOne);
}

async function deleteOne(
  group: string,
  id: string,
  { reason, yes }: { readonly reason?: string; readonly yes?: true },
  command: Command,
): Promise<void> {
  const client = clientOf(command);
  if (yes !== true) {
    // Not by its own path, which reads its manifest: that may be what is wrong with it.
    const points = await client.list<ListedPoint>(path(group));
    const found = points.find((point) => point.id === id);
    const data = found === undefined ? '' : `, with data of ${found.dataTime}`;
    await confirm(
      id,
      `This deletes recovery point ${id} of group ${group}${data}: it cannot be had back.`,
    );
  }
  await client.delete(path(group, id), { reason });
  process.stdout.write(`point ${id} deleted\n`);
}

function keep(order: 'hold' | 'release', done: string) {
  return async (
    group: string,
    id: string,
    options: { reason: string },
    command: Command,
  ): Promise<void> => {
    await clientOf(command).post(`${path(group, id)}/${order}`, { reason: options.reason });
    process.stdout.write(`point ${id} ${done}\n`);
  };
}

async function verify(
  group: string,
  id: string | undefined,
  options: { depth: string },
  command: Command,
): Promise<void> {
  const client = clientOf(command);
  const chosen = id ?? (await client.list<RecoveryPoint>(path(group)))[0]?.id;
  if (chosen === undefined) {
    process.stderr.write(
      `farshore: group ${group} has no recovery point yet (run farshore group sync ${group})\n`,
    );
    answerNo();
    return;
  }
  const point = await client.post<RecoveryPoint>(`${path(group, chosen)}/verify`, {
    depth: options.depth,
  });
  if (!printData(globalsOf(command).output, point)) {
    process.stdout.write(
      `point ${point.id} is ${point.state} (${point.checked.depth} checked at ${point.checked.at})\n`,
    );
    for (const { resource, subject, problem, detail } of point.checked.findings) {
      process.stdout.write(`  ${resource}: ${subject} is ${problem}: ${detail}\n`);
    }
    for (const { resource, state, problem } of point.members)
      if (state === 'lacking' || state === 'partial')
        process.stdout.write(
          `  ${resource.kind}/${resource.id} (${resource.name}) is ${state}: ${problem?.message ?? ''}\n`,
        );
    const untold = point.checked.damaged - point.checked.findings.length;
    if (untold > 0) process.stdout.write(`  and ${untold} more\n`);
  }
  if (point.state !== 'proven') answerNo();
}

function path(group: string, point?: string): string {
  const base = `/groups/${encodeURIComponent(group)}/points`;
  return point === undefined ? base : `${base}/${encodeURIComponent(point)}`;
}
