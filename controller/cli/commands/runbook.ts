import { Option, type Command } from 'commander';
import { stringify } from 'yaml';

import { FarshoreError } from '../../../kernel/errors.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import { clientOf, globalsOf } from '../context.ts';
import { print, printData } from '../output.ts';
import { followExecution, printOutcome } from './follow.ts';
import { confirm } from '../confirm.ts';

interface RunbookInfo {
  readonly name: string;
  readonly mode: string;
  readonly description: string;
  readonly params: Readonly<Record<string, string>>;
}

interface OrderOptions {
  readonly point?: string;
  readonly param: Readonly<Record<string, string | number>>;
  readonly dryRun?: true;
  readonly wait: boolean;
  readonly yes?: true;
  readonly unfenced?: true;
  readonly older?: string;
  readonly resource?: readonly string[];
  readonly reason?: string;
}

export function addRunbook(program: Command): void {
  const runbook = program.command('runbook').description('recovery plans');
  runbook
    .command('list')
    .description('the runbooks')
    .action(async (_options: unknown, command: Command) => {
      const items = await clientOf(command).list<RunbookInfo>('/runbooks');
      print(globalsOf(command).output, items, items, [
        { title: 'RUNBOOK', value: (item) => item.name },
        { title: 'MODE', value: (item) => item.mode },
        { title: 'DESCRIPTION', value: (item) => item.description },
      ]);
    });
  runbook
    .command('show <name>')
    .description('a runbook and its parameters')
    .action(async (name: string, _options: unknown, command: Command) => {
      const items = await clientOf(command).list<RunbookInfo>('/runbooks');
      const item = items.find((candidate) => candidate.name === name);
      if (item === undefined) {
        command.error(`farshore: there is no runbook ${name} (farshore runbook list)`);
      }
      if (!printData(globalsOf(command).output, item)) process.stdout.write(stringify(item));
    });
  addOrder(
    program,
    'drill',
    'restore the newest proven point beside everything in the secondary, check it, clean up',
  );
  addOrder(program, 'failover', 'the primary is lost: bring the group up in the secondary');
}

function addOrder(program: Command, name: 'drill' | 'failover', description: string): void {
  const order = program
    .command(`${name} <group>`)
    .description(`${description}; exit status 0 only when all was verified`)
    .option('--point <point>', 'this recovery point and not the newest proven one')
    .option('--dry-run', 'only say what would be done')
    .option('--no-wait', 'only order it')
    .addOption(
      new Option('--param <name=value>', 'a parameter of the runbook; may be repeated')
        .default({})
        .argParser((pair: string, sum: Record<string, string | number>) => {
          const [key = '', ...value] = pair.split('=');
          return { ...sum, [key]: numberOrText(value.join('=')) };
        }),
    )
    .action((group: string, options: OrderOptions, command: Command) =>
      run(name, group, options, command),
    );
  if (name !== 'failover') return;
  order
    .option('-y, --yes', 'do not ask')
    .option(
      '--unfenced',
      'restore even where the old primary cannot be fenced; needs --reason, and is audited',
    )
    .option(
      '--older <point>',
      'take the resources of --resource from this older point, all else as without it; needs --reason, and is audited',
    )
    .option('--resource <resource...>', 'what --older is for, as the point names it')
    .option('--reason <text>', 'with --unfenced: why that does no harm; with --older: why');
}

async function run(
  name: 'drill' | 'failover',
  group: string,
  options: OrderOptions,
  command: Command,
): Promise<void> {
  const params = paramsOf(options);
  if (name === 'failover' && options.yes !== true && options.dryRun !== true) {
    await confirm(
      group,
      `This makes the secondary the primary of ${group} and ends its replication; what came after the newest proven point is lost.`,
    );
  }
  const client = clientOf(command);
  const execution = await client.post<Execution>('/executions', {
    runbook: name,
    group,
    dryRun: options.dryRun ?? false,
    params,
  });
  if (!options.wait) {
    const { output } = globalsOf(command);
    if (!printData(output, execution)) process.stdout.write(`${execution.id}\n`);
    return;
  }
  const { id } = execution;
  process.stderr.write(`execution ${id} has begun\n`);
  const ended = await followExecution(client, id, globalsOf(command).output);
  await printOutcome(client, ended, globalsOf(command).output);
}

function paramsOf(options: OrderOptions): Record<string, unknown> {
  const { param, point, unfenced, older, resource: resources, reason } = options;
  if ((unfenced === undefined && older === undefined) !== (reason === undefined))
    throw badOption(
      '--reason is given with --unfenced or --older, and they with it',
      'say why: --unfenced --reason "its power is off"',
    );
  if ((older === undefined) !== (resources === undefined))
    throw badOption(
      '--older and --resource are given together, or neither',
      'name what is to be taken from the older point: --older <point> --resource volume/data',
    );
  return {
    ...param,
    ...(point === undefined ? {} : { point }),
    ...(unfenced === undefined ? {} : { unfenced: { reason } }),
    ...(older === undefined ? {} : { older: { point: older, resources, reason } }),
  };
}

function badOption(text: string, hint: string): FarshoreError {
  return new FarshoreError(text, {
    code: 'cli.bad-option',
    kind: 'permanent',
    operation: 'order failover',
    hint,
  });
}

function numberOrText(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
