import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FarshoreError } from '../../kernel/errors.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import type { ApiClient } from '../cli/api-client.ts';
import { followExecution } from '../cli/commands/follow.ts';
import { followSession } from '../cli/commands/session.ts';
import { formatBytes, formatSeconds } from '../cli/format.ts';
import type { GroupStatus, SessionSummary } from '../model/types.ts';
import { documents, doBusiness, makeShop, media, type ShopSize } from './dataset.ts';
import { describeCounts, differences, type Fingerprint, fingerprint } from './fingerprint.ts';
import { printObjectives } from './objectives.ts';
import { Stage } from './stage.ts';

const group = 'shop';
const containers = [documents, media];

export interface DemoOptions {
  readonly size: ShopSize;
  /** End after the failover and not only when `stop` resolves. */
  readonly once: boolean;
  readonly stop: Promise<unknown>;
}

/**
 * The main job from the first byte to the proof, on two regions of its own. Resolves when everything
 * was proven, throws when anything was not; leaves no process and no file behind.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const stage = new Stage(await mkdtemp(join(tmpdir(), 'farshore-demo-')));
  const acting = perform(stage, options.size);
  try {
    const client = await Promise.race([acting, options.stop.then(() => undefined)]);
    if (client === undefined) throw stopped();
    if (!options.once) {
      sayNext(stage, client);
      await options.stop;
    }
  } finally {
    await stage.close();
    // What was under way fails now that its processes are gone; it may not write where we delete.
    await acting.catch(ignoreAfterStop);
    await rm(stage.directory, { recursive: true, force: true });
  }
}

function stopped(): FarshoreError {
  return new FarshoreError('it was stopped before its end', {
    code: 'demo.stopped',
    kind: 'permanent',
    operation: 'run the demo',
  });
}

/** Its failure was told already, or is the stop's own. */
function ignoreAfterStop(): void {
  return undefined;
}

async function perform(stage: Stage, size: ShopSize): Promise<ApiClient> {
  say('Two OpenStack regions start, east and west.');
  await stage.openRegions();
  const east = stage.scope('east');
  say('A shop is set up in east: its database on a volume, images, documents, a film.');
  const shop = await makeShop(east, stage.fileOf('east'), size);
  say('The controller starts in west. A policy and a group are applied.');
  const client = await stage.startController();
  await applyDocuments(client);
  await replicate(client, 'All of it is shipped to west and checked there');
  await doBusiness(east, stage.fileOf('east'), shop);
  await replicate(client, 'After some business, only what changed is shipped');

  say('A drill restores it all beside what runs in west, compares it and cleans up.');
  const [before, drill] = await Promise.all([
    fingerprint(east, stage.fileOf('east'), containers),
    runRunbook(client, 'drill'),
  ]);
  say(`The drill ${drill.result ?? 'did not end'}; RTO ${formatSeconds(drill.rtoSeconds)}.`);

  await stage.kill('east');
  say('East is gone: its process was killed. The shop is failed over to west.');
  const failover = await runRunbook(client, 'failover', {
    unfenced: { reason: 'the demo killed the process of east' },
  });
  const after = await fingerprint(stage.scope('west'), stage.fileOf('west'), containers);
  prove(before, after);
  say(`Equal in west, byte for byte and property for property: ${describeCounts(after)}.\n`);
  printObjectives(failover);
  await sayMemory(stage);
  return client;
}

async function applyDocuments(client: ApiClient): Promise<void> {
  await client.put('/policies/gold', {
    kind: 'policy',
    name: 'gold',
    objectives: { rpo: '10m', rto: '5m' },
    schedule: { every: '5m' },
    retention: { last: 5 },
    target: 'west',
  });
  await client.put(`/groups/${group}`, {
    kind: 'group',
    name: group,
    policy: 'gold',
    source: { region: 'east', project: 'demo' },
    target: { project: 'demo' },
    members: [
      { volumes: { name: 'shop-*' } },
      { images: { name: 'shop-*' } },
      ...containers.map((container) => ({ container })),
    ],
  });
}

async function replicate(client: ApiClient, title: string): Promise<void> {
  const started = await client.post<SessionSummary>(`/groups/${group}/sync`);
  const ended = await followSession(client, group, started.id);
  if (ended.phase !== 'done')
    throw unproven(
      'replicate group',
      `session ${ended.id} ${ended.phase}: ${ended.error?.message ?? ''}`,
    );
  const { status } = await client.get<{ status: GroupStatus }>(`/groups/${group}`);
  const seconds = (Date.parse(ended.endedAt ?? '') - Date.parse(ended.startedAt)) / 1000;
  const { bytes, objects } = ended.moved;
  say(
    `${title}: ${formatBytes(bytes)} in ${objects.toLocaleString('en')} objects, ${formatSeconds(seconds)}; RPO ${formatSeconds(status.rpoSeconds)}.`,
  );
}

async function runRunbook(
  client: ApiClient,
  runbook: 'drill' | 'failover',
  params: Readonly<Record<string, unknown>> = {},
): Promise<Execution> {
  const { id } = await client.post<Execution>('/executions', { runbook, group, params });
  const ended = await followExecution(client, id, 'table');
  if (ended.result !== 'succeeded') {
    const failed = ended.steps.find(({ error }) => error !== undefined);
    throw unproven(runbook, failed?.error?.message ?? `it ended as ${ended.result ?? ended.state}`);
  }
  return ended;
}

function prove(before: Fingerprint, after: Fingerprint): void {
  const different = differences(before, after);
  if (different.length > 0)
    throw unproven(
      'compare west with east',
      `${different.length} things differ: ${different.slice(0, 5).join(', ')}`,
    );
}

function unproven(operation: string, message: string): FarshoreError {
  return new FarshoreError(message, {
    code: 'demo.unproven',
    kind: 'permanent',
    operation,
    subject: group,
  });
}

async function sayMemory(stage: Stage): Promise<void> {
  const { totalBytes, bytesByName } = await stage.memoryPeak();
  if (totalBytes === 0) return;
  const parts = [...bytesByName].map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(', ');
  say(`\nMemory at most: ${formatBytes(totalBytes)} (${parts}).`);
}

function sayNext(stage: Stage, client: ApiClient): void {
  say(`
The controller and west go on until Ctrl-C. In another terminal:

    export FARSHORE_API=${client.url}
    npx farshore status
    npx farshore execution list
    curl ${client.url}/openapi.json

and with any OpenStack client:

    export OS_CLIENT_CONFIG_FILE=${stage.cloudsFile}
    openstack --os-cloud west volume list`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
