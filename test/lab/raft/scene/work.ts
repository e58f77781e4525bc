import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from '../../../../controller/cli/api-client.ts';
import type { SessionSummary } from '../../../../controller/model/types.ts';
import type { ProgressSnapshot } from '../../../../replicator/session/meter.ts';
import type { Execution } from '../../../../runbooks/execution/types.ts';
import { waitFor } from '../../probe.ts';

const deadlineMs = 600_000;

interface SessionState {
  readonly summary: SessionSummary;
  readonly progress: ProgressSnapshot | null;
}

/** A session and a failover that are under way. */
export interface Work {
  readonly group: string;
  readonly session: string;
  readonly execution: string;
}

/** Orders both; resolves when the session ships and the failover restores. `client`: where both are carried out. */
export async function startWork(client: ApiClient, group: string, shop: string): Promise<Work> {
  const session = await client.post<SessionSummary>(`/groups/${group}/sync`);
  await waitFor(`session ${session.id} ships`, 240_000, async () => {
    const { summary, progress } = await sessionOf(client, group, session.id);
    return hasBegun(summary) && (progress?.movedObjects ?? 0) > 0;
  });
  const order = { runbook: 'failover', group: shop, params: {} };
  const { id } = await client.post<Execution>('/executions', order);
  await waitFor(`execution ${id} restores`, 240_000, async () => {
    const { result, steps } = await executionOf(client, id);
    if (result !== undefined) throw new Error(`execution ${id} ${result} before its time`);
    return steps.some(({ type, state }) => type === 'restore' && state === 'running');
  });
  // Else there is nothing in flight to be taken over.
  hasBegun((await sessionOf(client, group, session.id)).summary);
  return { group, session: session.id, execution: id };
}

/** Resolves when both have ended, as another controller tells it. */
export async function endOfWork(
  client: ApiClient,
  work: Work,
): Promise<[SessionSummary, Execution]> {
  return Promise.all([
    endOfSession(client, work.group, work.session),
    endOfExecution(client, work),
  ]);
}

export async function sync(client: ApiClient, group: string): Promise<SessionSummary> {
  const { id } = await client.post<SessionSummary>(`/groups/${group}/sync`);
  return endOfSession(client, group, id);
}

async function endOfSession(client: ApiClient, group: string, id: string): Promise<SessionSummary> {
  return ending(async () => {
    const { summary } = await sessionOf(client, group, id);
    return summary.endedAt === null ? summary : { ended: summary };
  });
}

async function endOfExecution(client: ApiClient, { execution }: Work): Promise<Execution> {
  return ending(async () => {
    const state = await executionOf(client, execution);
    return state.result === undefined ? state : { ended: state };
  });
}

/** Asks until it has ended; the error tells how far it came. */
async function ending<T extends object>(ask: () => Promise<T | { readonly ended: T }>): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const state = await ask();
    if ('ended' in state) return state.ended;
    if (Date.now() > end) throw new Error(`it does not end: ${JSON.stringify(state)}`);
    await sleep(250);
  }
}

function hasBegun(summary: SessionSummary): boolean {
  if (summary.endedAt === null) return summary.phase === 'shipping';
  throw new Error(`session ${summary.id} ${summary.phase} before its time`);
}

function sessionOf(client: ApiClient, group: string, id: string): Promise<SessionState> {
  return client.get<SessionState>(`/groups/${group}/sessions/${id}`);
}

async function executionOf(client: ApiClient, id: string): Promise<Execution> {
  return (await client.get<{ execution: Execution }>(`/executions/${id}`)).execution;
}
