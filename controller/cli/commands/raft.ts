import type { Command } from 'commander';
import { confirm } from '../confirm.ts';
import { answerNo, globalsOf } from '../context.ts';
import { formatBytes } from '../format.ts';
import { type Column, print, printData } from '../output.ts';
import type { RaftOrders } from '../raft-orders.ts';
import type { SiteStatus } from '../../raft/status.ts';

/** `raft:` of the configuration, whose members are run by Farshore. */
export function addRaft(program: Command): void {
  const raft = program
    .command('raft')
    .description('the etcd members under controllers at several sites');
  addBeginning(raft);
  addMembers(raft);
  addSnapshots(raft);
  addForce(raft);
}

function addBeginning(raft: Command): void {
  raft
    .command('init')
    .description('make a new cluster, at its first site, and a bundle for each other site')
    .option('--out <dir>', 'where the bundles are written', '.')
    .action(async ({ out }: { readonly out: string }, command: Command) => {
      const done = await (await orders(command)).init(out);
      if (printData(globalsOf(command).output, done)) return;
      say(`site ${done.site} has its member; it begins with farshore serve`);
      for (const { site, file } of done.bundles)
        say(`carry ${file} to ${site} as a secret, there: farshore raft join <it>; then delete it`);
      if (done.carriesOver !== null)
        say(
          `the single controller's state in ${done.carriesOver} is carried over when a majority runs; it stays beside as state.imported-<date>`,
        );
    });
  raft
    .command('join <bundle>')
    .description('take this site into the cluster')
    .option('--reset', 'move the files of an old member aside first', false)
    .action(async (bundle: string, { reset }: { readonly reset: boolean }, command: Command) => {
      const done = await (await orders(command)).join(bundle, reset);
      if (printData(globalsOf(command).output, done)) return;
      if (done.aside !== null) say(`the old member's files are in ${done.aside}`);
      say(`site ${done.site} has its member; it begins with farshore serve. Delete the bundle`);
    });
  raft
    .command('member')
    .description("run this site's member without a controller until it is told to stop")
    .action(async (_options: unknown, command: Command) => {
      const running = await orders(command, 'info');
      await running.runMember((pid) => say(`etcd runs as process ${pid ?? 'unknown'}`));
    });
}

function addMembers(raft: Command): void {
  raft
    .command('status')
    .description('ask every member; exit status 1 unless all of them are well')
    .action(async (_options: unknown, command: Command) => {
      const { isWhole } = await import('../../raft/status.ts');
      const status = await (await orders(command)).status();
      const { hasQuorum, epoch, sites, strangers } = status;
      const { output } = globalsOf(command);
      print(output, { ...status, isWhole: isWhole(status) }, sites, siteColumns);
      if (output === 'table') {
        say(hasQuorum ? 'there is a quorum' : 'there is no quorum');
        if (epoch !== null)
          say(
            `quorum was forced at ${epoch.site} at ${epoch.at} (epoch ${epoch.epoch}): ${epoch.reason}`,
          );
        if (strangers.length > 0) say(`members that raft.sites has not: ${strangers.join(', ')}`);
      }
      if (!isWhole(status)) answerNo();
    });
  raft
    .command('add <site>')
    .description('take one more site into the cluster, or one in again, and write its bundle')
    .option('--host <address>', 'as in raft.sites; needed where the configuration has it not')
    .option('--out <dir>', 'where the bundle is written', '.')
    .action(
      async (
        site: string,
        { host, out }: { readonly host?: string; readonly out: string },
        command: Command,
      ) => {
        const done = await (await orders(command)).add(site, host, out);
        if (printData(globalsOf(command).output, done)) return;
        say(
          `carry ${done.bundle} to ${site} as a secret, there: farshore raft join <it>, farshore serve`,
        );
        say(
          'it votes once it has caught up; write it into raft.sites of every site and start them again, one after the other',
        );
      },
    );
  raft
    .command('remove <site>')
    .description('take a site out of the cluster')
    .option('--yes', 'do not ask', false)
    .action(async (site: string, { yes }: { readonly yes: boolean }, command: Command) => {
      if (!yes)
        await confirm(site, `The member of ${site} ends, and comes back only as a new one.`);
      await (await orders(command)).remove(site);
      if (printData(globalsOf(command).output, { removed: site })) return;
      say('take it out of raft.sites of every site and start them again, one after the other');
    });
}

function addSnapshots(raft: Command): void {
  raft
    .command('snapshot [file]')
    .description('write the whole state into a file')
    .option('--local', "what this site's member has, also without a quorum", false)
    .action(
      async (
        file: string | undefined,
        { local }: { readonly local: boolean },
        command: Command,
      ) => {
        const done = await (await orders(command)).snapshot(file, local);
        if (printData(globalsOf(command).output, done)) return;
        say(`${done.file}: ${done.keys} keys, as of ${done.at}`);
      },
    );
  raft
    .command('restore <file>')
    .description('put a snapshot back, with no controller running')
    .option('--replace', 'delete the state that is there', false)
    .option('--yes', 'do not ask', false)
    .action(
      async (
        file: string,
        { replace, yes }: { readonly replace: boolean; readonly yes: boolean },
        command: Command,
      ) => {
        const { summarize } = await import('../../raft/snapshots/restore.ts');
        const summary = await summarize(file);
        const restoring = await orders(command);
        say(`${file}: ${summary.keys} keys, as of ${summary.at}`);
        for (const { group, primary, generation } of summary.groups)
          say(`group ${group}: primary ${primary}, generation ${generation}`);
        const consequence = `${replace ? 'All that the state holds now is deleted. ' : ''}The groups are taken for what stands above: one that was failed over since ${summary.at} would be protected in the wrong direction.`;
        if (!yes) await confirm(restoring.managed.site, consequence);
        const { count } = await restoring.restore(file, replace);
        if (!printData(globalsOf(command).output, { ...summary, restored: count }))
          say(`${count} keys were put back`);
      },
    );
}

function addForce(raft: Command): void {
  raft
    .command('force-quorum')
    .description('go on with this site alone, when the others are lost; its controller is stopped')
    .requiredOption('--reason <text>', 'why, for the audit record')
    .option('--yes', 'do not ask', false)
    .action(
      async (
        { reason, yes }: { readonly reason: string; readonly yes: boolean },
        command: Command,
      ) => {
        const forcing = await orders(command);
        if (!yes) await confirm(forcing.managed.site, forceConsequence(forcing.managed.site));
        const done = await forcing.forceQuorum(reason);
        if (printData(globalsOf(command).output, done)) return;
        say(
          `${done.epoch.site} is the only member now (epoch ${done.epoch.epoch}, ${done.tookMs.toFixed(0)} ms)`,
        );
        say('start the controller: farshore serve');
        for (const site of done.left)
          say(
            `when ${site} is back: farshore raft add ${site} here, there farshore raft join --reset <bundle>`,
          );
      },
    );
}

function forceConsequence(site: string): string {
  return [
    `The cluster goes on with what ${site} holds, and with ${site} alone.`,
    'What the others acknowledged among themselves and had not sent here is lost: failovers too.',
    'Be sure that they are down, and not only out of reach: two of them that reach each other and not',
    `${site} go on as a cluster of their own until they hear of this. When they return they are refused`,
    'until each was taken in anew.',
  ].join('\n');
}

const siteColumns: readonly Column<SiteStatus>[] = [
  { title: 'SITE', value: ({ site }) => site },
  { title: 'ENDPOINT', value: ({ endpoint }) => endpoint },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'VERSION', value: ({ version }) => version ?? '-' },
  { title: 'TERM', value: ({ term }) => String(term ?? '-') },
  { title: 'INDEX', value: ({ raftIndex }) => String(raftIndex ?? '-') },
  { title: 'LAG', value: ({ lag }) => String(lag ?? '-') },
  { title: 'DB', value: ({ dbBytes }) => (dbBytes === null ? '-' : formatBytes(dbBytes)) },
  { title: 'ALARMS', value: ({ alarms }) => alarms.join(' ') || '-' },
  {
    title: 'CERTIFICATE UNTIL',
    value: ({ certificateEnds }) => certificateEnds?.slice(0, 10) ?? '-',
  },
  { title: 'FAULT', value: ({ fault }) => fault ?? '-' },
];

/** Loaded when it is asked for: it takes all that talks to etcd. */
async function orders(command: Command, level?: string): Promise<RaftOrders> {
  const { RaftOrders: Orders } = await import('../raft-orders.ts');
  return Orders.open(globalsOf(command).config, level);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
