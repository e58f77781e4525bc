import type { Command } from 'commander';

import { describeError } from '../../../kernel/errors.ts';
import { resourceKey } from '../../../replicator/mover.ts';
import type { ClusterStatus } from '../../model/controller-status.ts';
import type { AgedExecution, GroupStatus } from '../../model/types.ts';
import type { RegionStatus } from '../../service.ts';
import type { BankView } from '../../service/bank-types.ts';
import type { ApiClient } from '../api-client.ts';
import { clusterText } from '../cluster-text.ts';
import { answerNo, clientOf, globalsOf } from '../context.ts';
import { formatSeconds } from '../format.ts';
import { print, printData, type Column } from '../output.ts';

export const groupColumns: readonly Column<GroupStatus>[] = [
  { title: 'GROUP', value: (group) => group.name },
  { title: 'STATE', value: (group) => group.state },
  { title: 'PRIMARY', value: (group) => group.primary },
  { title: 'SECONDARY', value: (group) => group.secondary },
  {
    title: 'RPO',
    value: (group) =>
      `${formatSeconds(group.rpoSeconds)} of ${formatSeconds(group.rpoObjectiveSeconds)}`,
  },
  {
    title: 'RTO',
    value: (group) =>
      `${formatSeconds(group.rtoSeconds)} of ${formatSeconds(group.rtoObjectiveSeconds)}`,
  },
  {
    title: 'POINTS',
    value: ({ points }) =>
      `${points.proven} proven${countText(points.partial, 'partial')}${countText(points.damaged, 'damaged')}`,
  },
  {
    title: 'ALL READ',
    value: ({ verification }) =>
      verification === null
        ? '-'
        : `${formatSeconds(verification.ageSeconds)} of ${formatSeconds(verification.periodSeconds)}`,
  },
  { title: 'SESSION', value: (group) => sessionText(group) },
];

export const regionColumns: readonly Column<RegionStatus>[] = [
  { title: 'REGION', value: (region) => region.name },
  {
    title: 'SERVICES',
    value: (region) =>
      region.services.map(({ service, up }) => `${service} ${up ? 'up' : 'DOWN'}`).join(', '),
  },
];

/** Why services are down, one line each: the table has no room for it. */
export function outages({ name, services }: RegionStatus): readonly string[] {
  return services
    .filter(({ up }) => !up)
    .map(({ service, reason }) => `${name}: ${service}: ${reason ?? 'no answer'}`);
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('groups against their objectives, and regions; exit status 1 unless all is well')
    .action(async (_options: unknown, command: Command) => {
      const client = clientOf(command);
      const format = globalsOf(command).output;
      const [groups, regions, cluster] = await Promise.all([
        client.list<{ status: GroupStatus }>('/groups'),
        client.list<RegionStatus>('/regions'),
        client.get<ClusterStatus>('/cluster'),
      ]);
      const states = groups.map((group) => group.status);
      const forgotten = groups.length > 0 ? [] : await bankedOnly(client, regions);
      if (!printData(format, { groups: states, regions, cluster, forgotten })) {
        const head = clusterText(cluster);
        if (head !== null) process.stdout.write(`${head}\n\n`);
        print(format, states, states, groupColumns);
        for (const line of [...states.flatMap(remarks), ...forgotten.map(forgottenText)])
          process.stdout.write(`${line}\n`);
        process.stdout.write('\n');
        print(format, regions, regions, regionColumns);
        for (const line of regions.flatMap(outages)) process.stdout.write(`${line}\n`);
      }
      const isWell =
        states.every(isGroupWell) &&
        regions.every((region) => region.services.every((service) => service.up)) &&
        forgotten.length === 0 &&
        cluster.quorum;
      if (!isWell) answerNo();
    });
}

function isGroupWell(group: GroupStatus): boolean {
  const { state } = group;
  return (state === 'protected' || state === 'paused') && toLookAt(group).every(isUnderWay);
}

function isUnderWay({ state }: AgedExecution): boolean {
  return state === 'running' || state === 'waiting';
}

/** The executions that are under way, and those that came to no good end and were followed by none that did. */
function toLookAt({ executions }: GroupStatus): readonly AgedExecution[] {
  const succeeded = executions.filter(({ state }) => state === 'succeeded');
  return executions.filter(
    (each) =>
      isUnderWay(each) ||
      (!hasEndedWell(each) && !succeeded.some(({ declaredAt }) => declaredAt > each.declaredAt)),
  );
}

/** A drill that was cancelled is cleaned up: somebody wanted it so. */
function hasEndedWell({ mode, state }: AgedExecution): boolean {
  return state === 'succeeded' || (mode === 'drill' && state === 'cancelled');
}

function executionTexts(
  group: string,
  { id, mode, state, gates, failed, ageSeconds }: AgedExecution,
): readonly string[] {
  const of = `${group}: ${mode} ${id}`;
  const age = formatSeconds(Math.round(ageSeconds));
  if (state === 'running')
    return [`${of} has been under way for ${age} (farshore execution watch ${id})`];
  if (state === 'waiting')
    return gates.map(
      ({ step, gate, needsReason }) =>
        `${of} has waited ${age} for an approval: ${gate} (farshore execution approve ${id} ${step}${needsReason ? ' --reason "…"' : ''}, or execution cancel ${id})`,
    );
  const why = failed === null ? '' : `: ${failed.title}: ${failed.message}`;
  const onward = mode === 'failover' && state !== 'unchecked' ? `, execution retry ${id}` : '';
  return [`${of} ended ${state} ${age} ago${why} (farshore execution report ${id}${onward})`];
}

interface Forgotten {
  readonly region: string;
  readonly groups: readonly string[];
  /** Why that is not known; null: it is. */
  readonly problem: string | null;
}

/** Of a state without any group: regions whose banks hold some all the same, or could not be asked. */
export async function bankedOnly(
  client: Pick<ApiClient, 'get'>,
  regions: readonly Pick<RegionStatus, 'name'>[],
): Promise<readonly Forgotten[]> {
  const asked = regions.map(async ({ name: region }): Promise<Forgotten> => {
    try {
      const { groups } = await client.get<BankView>(`/banks/${encodeURIComponent(region)}`);
      return { region, groups, problem: null };
    } catch (error) {
      return { region, groups: [], problem: describeError(error) };
    }
  });
  return (await Promise.all(asked)).filter(
    ({ groups, problem }) => groups.length > 0 || problem !== null,
  );
}

export function forgottenText({ region, groups, problem }: Forgotten): string {
  return problem === null
    ? `the bank of ${region} holds ${groups.join(', ')}, and this controller knows no group: if its state was lost, farshore bank rebuild ${region}`
    : `whether the bank of ${region} holds groups, while this controller knows none, is not known: ${problem}`;
}

function countText(count: number, what: string): string {
  return count === 0 ? '' : `, ${count} ${what}`;
}

/** What the table has no room for: one line for each resource that needs a look. */
export function remarks(group: GroupStatus): readonly string[] {
  const { name, changes, lacks, stalled, verification } = group;
  const changed = new Set(changes.map(({ resource }) => resourceKey(resource)));
  const isOverdue = verification !== null && verification.ageSeconds > verification.periodSeconds;
  return [
    ...toLookAt(group).flatMap((execution) => executionTexts(name, execution)),
    ...(isOverdue
      ? [
          `${name}: not all of its copies were read again within the policy's period: raise verification.rate`,
        ]
      : []),
    ...stalled.map(({ subject, text }) => `${name}: ${subject}: ${text}`),
    ...changes.map(
      ({ resource, change, detail }) =>
        `${name}: ${resourceKey(resource)} (${resource.name}) ${change}: ${detail}; its copies from before are kept (farshore group release ${name} ${resourceKey(resource)} --reason "…")`,
    ),
    ...lacks
      .filter(({ resource }) => !changed.has(resourceKey(resource)))
      .map(
        ({ resource, state, problem }) =>
          `${name}: ${resourceKey(resource)} (${resource.name}) is ${state} in the newest point${problem === null ? '' : `: ${problem.message}`}${state === 'damaged' && group.nextSessionAt !== null ? '; a session mends it from the primary' : ''}`,
      ),
  ];
}

function sessionText({ session, nextSessionAt }: GroupStatus): string {
  const next = nextSessionAt === null ? '' : `, next ${nextSessionAt}`;
  if (session === null) return `none yet${next}`;
  const error = session.error === null ? '' : `: ${session.error.message}`;
  return `${session.phase}${error}${next}`;
}
