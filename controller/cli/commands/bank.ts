import type { Command } from 'commander';

import type {
  BankVerification,
  BankView,
  Fault,
  InstallationView,
  Rebuild,
} from '../../service/bank-types.ts';
import { confirm } from '../confirm.ts';
import { answerNo, clientOf, globalsOf } from '../context.ts';
import { print, printData, type Column } from '../output.ts';

interface Order {
  readonly reason: string;
  readonly yes?: true;
}

export function addBank(program: Command): void {
  const bank = program
    .command('bank')
    .description(
      'what a secondary holds of its own: whose it is, signed, and able to give a lost state back',
    );
  bank
    .command('show <region>')
    .description('whose the bank in a region is, and which groups it holds anything of')
    .action(async (region: string, _options: unknown, command: Command) => {
      const view = await clientOf(command).get<BankView>(path(region));
      if (!printData(globalsOf(command).output, view)) process.stdout.write(shown(view));
    });
  bank
    .command('verify <region>')
    .description(
      'read every manifest: signatures, order, and whether the state agrees; exit status 0 only when all is right',
    )
    .option('--trust <fingerprint...>', 'of keys that signed, as noted from farshore bank key show')
    .action(verify);
  withOrder(
    bank
      .command('adopt <region>')
      .description(
        'take the bank from the installation that has it: that one is refused from then on',
      ),
  ).action(adopt);
  withOrder(
    bank
      .command('rebuild <region>')
      .description(
        'adopt the bank, and have back what it holds and the state has not: groups, points, who is primary',
      ),
  )
    .option('--group <name...>', 'only these')
    .option('--trust <fingerprint...>', 'of keys that signed, as noted from farshore bank key show')
    .option('--accept-unverified', 'take what is signed by keys that only the bank vouches for')
    .option(
      '--accept-conflicts',
      'take groups whose points contradict each other, or of which another region has a newer record',
    )
    .option('--replace', 'put what the bank holds in the place of groups that the state has')
    .action(rebuild);
  addKey(bank);
}

function addKey(bank: Command): void {
  const key = bank.command('key').description('the key that signs manifests');
  key
    .command('show')
    .description(
      'installation, and fingerprints of its keys: note them, they are what --trust takes',
    )
    .action(async (_options: unknown, command: Command) => {
      const view = await clientOf(command).get<InstallationView>('/installation');
      if (printData(globalsOf(command).output, view)) return;
      process.stdout.write(`installation ${view.id}, since ${view.createdAt}\n`);
      for (const { fingerprint, isCurrent } of view.keys)
        process.stdout.write(`${fingerprint}${isCurrent ? ' (signs)' : ''}\n`);
    });
  key
    .command('export')
    .description('print the private key (PEM): keep it where the state is not')
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(async ({ reason }: Order, command: Command) => {
      const exported = await clientOf(command).post<{ pem: string }>('/installation/key/export', {
        reason,
      });
      process.stdout.write(exported.pem);
    });
  key
    .command('rotate')
    .description('sign with a new key from now on; the former one goes on being checked')
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(async ({ reason }: Order, command: Command) => {
      const view = await clientOf(command).post<InstallationView>('/installation/key/rotate', {
        reason,
      });
      if (!printData(globalsOf(command).output, view))
        process.stdout.write(`${signingKey(view)} signs from now on\n`);
    });
}

function signingKey({ keys: [current] }: InstallationView): string {
  return current?.fingerprint ?? '';
}

function withOrder(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; it is audited')
    .option('--yes', 'do not ask');
}

async function verify(
  region: string,
  { trust = [] }: { readonly trust?: readonly string[] },
  command: Command,
): Promise<void> {
  const found = await clientOf(command).post<BankVerification>(`${path(region)}/verify`, { trust });
  if (!printData(globalsOf(command).output, found)) {
    process.stdout.write(shown(found.bank));
    const columns: readonly Column<BankVerification['groups'][number]>[] = [
      { title: 'GROUP', value: (item) => item.group },
      { title: 'POINTS', value: (item) => String(item.points) },
      { title: 'SIGNED BY', value: (item) => item.keys.join(', ') || '-' },
      { title: 'FAULTS', value: (item) => String(item.faults.length) },
    ];
    print('table', found.groups, found.groups, columns);
    say(found.groups.flatMap(({ faults }) => faults));
  }
  if (!found.isWhole) answerNo();
}

async function adopt(region: string, { reason, yes }: Order, command: Command): Promise<void> {
  if (yes !== true) await confirm(region, await consequence(region, command));
  const view = await clientOf(command).post<BankView>(`${path(region)}/adopt`, { reason });
  if (!printData(globalsOf(command).output, view)) process.stdout.write(shown(view));
}

async function rebuild(
  region: string,
  options: Order & {
    readonly group?: readonly string[];
    readonly trust?: readonly string[];
    readonly acceptUnverified?: true;
    readonly acceptConflicts?: true;
    readonly replace?: true;
  },
  command: Command,
): Promise<void> {
  const { yes, group, ...order } = options;
  if (yes !== true) await confirm(region, await consequence(region, command));
  const body = { ...order, ...(group === undefined ? {} : { groups: group }) };
  const done = await clientOf(command).post<Rebuild>(`${path(region)}/rebuild`, body);
  if (!printData(globalsOf(command).output, done)) {
    const columns: readonly Column<Rebuild['groups'][number]>[] = [
      { title: 'GROUP', value: (item) => item.group },
      { title: 'OUTCOME', value: (item) => item.outcome },
      { title: 'PRIMARY', value: (item) => item.primary ?? '-' },
      { title: 'GENERATION', value: (item) => String(item.generation ?? '-') },
      { title: 'POINTS', value: (item) => String(item.points) },
      { title: 'DAMAGED', value: (item) => String(item.damaged) },
    ];
    print('table', done.groups, done.groups, columns);
    say(done.groups.flatMap(({ faults, unasked }) => [...faults, ...unasked]));
    const view = await clientOf(command).get<InstallationView>('/installation');
    process.stdout.write(
      `New points are signed by ${signingKey(view)}: keep it beside the fingerprints that you noted before (farshore bank key show).\n`,
    );
  }
  if (!done.isWhole) answerNo();
}

async function consequence(region: string, command: Command): Promise<string> {
  const { owner, isOwn, place, fault } = await clientOf(command).get<BankView>(path(region));
  if (fault !== null)
    return `The bank ${place} does not say whose it is (${fault.message}). It is taken into use here: whatever installation used it replicates into it and deletes in it no more.`;
  if (owner === null || isOwn) return `The bank ${place} is taken into use here.`;
  return `The bank ${place} belongs to installation ${owner.installation} since ${owner.since}. It is taken from it: its controllers, if there are any, replicate into it and delete in it no more.`;
}

function shown({ region, place, owner, isOwn, fault, groups }: BankView): string {
  const whose =
    owner === null
      ? fault === null
        ? 'nobody’s yet'
        : `which does not say whose it is: ${fault.message} (${fault.code})`
      : `${isOwn ? 'this installation’s' : `that of installation ${owner.installation}`} since ${owner.since}`;
  const before = (owner?.former ?? []).map(
    ({ installation, until, reason }) =>
      `  that of installation ${installation} until ${until} (${reason})\n`,
  );
  return `bank of ${region}: ${place}, ${whose}\n${before.join('')}groups: ${groups.join(', ') || 'none'}\n`;
}

function say(faults: readonly Fault[]): void {
  for (const { code, subject, message } of faults)
    process.stdout.write(`  ${subject}: ${message} (${code})\n`);
}

function path(region: string): string {
  return `/banks/${encodeURIComponent(region)}`;
}
