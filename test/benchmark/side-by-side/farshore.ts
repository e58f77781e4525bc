import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../../kernel/clock.ts';
import { ApiClient } from '../../../controller/cli/api-client.ts';
import { leanStart } from '../../../controller/cli/lean-memory.ts';
import { Process } from '../../../controller/demo/processes.ts';
import { usageOf } from '../process-usage.ts';
import type { Contender, Entry, Figures } from './contender.ts';
import { fill } from './fill.ts';
import { type Servers, withoutSettings } from './servers.ts';

/** Asked for each time that so much more of its time has passed: the answers are the controller's work too. */
const pollShare = 0.01;
const shortestPollMs = 100;

interface Session {
  readonly summary: {
    readonly id: string;
    readonly phase: string;
    readonly endedAt: string | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  };
}

/** Of the sessions before the first that is measured. */
const warmUps = [
  { container: 'bench-warm-up-large', objects: 8, bytesEach: 16 << 20 },
  { container: 'bench-warm-up-small', objects: 4_000, bytesEach: 4 << 10 },
];

/**
 * The controller as it is served; a copy is a session of a group with the container. It runs all the time:
 * sessions of other containers have gone before, which take the bank and compile what all sessions need.
 * With a directory for them it leaves a profile of its CPU there when it ends, which itself takes some.
 */
export function farshore(servers: Servers, profiles?: string): Entry {
  return { name: 'farshore', open: (directory) => open(servers, directory, profiles) };
}

async function open(servers: Servers, directory: string, profiles?: string): Promise<Contender> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'clouds.yaml'), stringify({ clouds: clouds(servers) }));
  await writeFile(
    join(directory, 'farshore.yaml'),
    stringify({
      dataDir: join(directory, 'state'),
      api: { listen: '127.0.0.1:0' },
      log: { level: 'warn' },
      regions: { east: { cloud: 'east' }, west: { cloud: 'west' } },
    }),
  );
  const { flags, env } = leanStart('controller');
  const process = new Process({
    name: 'controller',
    args: ['--config', 'farshore.yaml', 'serve'],
    flags: profiles === undefined ? flags : [...flags, '--cpu-prof', `--cpu-prof-dir=${profiles}`],
    env: withoutSettings(env),
    cwd: directory,
    logFile: join(directory, 'controller.log'),
  });
  const client = new ApiClient(await process.address());
  await client.put('/policies/bench', {
    name: 'bench',
    objectives: { rpo: '3d', rto: '1d' },
    schedule: { every: '1d' },
    target: 'west',
  });
  const first = async (container: string): Promise<void> => {
    const source = { region: 'east', project: 'demo' };
    const members = [{ container }];
    const group = { name: container, policy: 'bench', source, members, paused: false };
    await client.put(`/groups/${container}`, group);
    await sync(client, container);
  };
  for (const content of warmUps) {
    await fill(servers.urls.east, content);
    await first(content.container);
  }
  const pid = process.pid ?? 0;
  return {
    name: 'farshore',
    first: (container) => measured(pid, () => first(container)),
    again: (container) => measured(pid, () => sync(client, container)),
    close: () => process.stop(systemClock),
  };
}

/** Starts a session, or joins the one that the group's beginning has started, and waits for its end. */
async function sync(client: ApiClient, group: string): Promise<void> {
  const start = performance.now();
  const { id } = await client.post<Session['summary']>(`/groups/${group}/sync`);
  for (;;) {
    const { summary } = await client.get<Session>(`/groups/${group}/sessions/${id}`);
    if (summary.error !== null) throw new Error(`the session: ${summary.error.message}`);
    if (summary.endedAt !== null) {
      if (summary.phase !== 'done') throw new Error(`the session ended as ${summary.phase}`);
      return;
    }
    await systemClock.sleep(Math.max(shortestPollMs, pollShare * (performance.now() - start)));
  }
}

async function measured(pid: number, work: () => Promise<void>): Promise<Figures> {
  // From now on its peak is counted anew.
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await usageOf(pid);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { cpuSeconds } = await usageOf(pid);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peakMiB = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  return { seconds, cpuSeconds: cpuSeconds - before.cpuSeconds, peakMiB };
}

function clouds({ urls }: Servers): Record<string, unknown> {
  const entry = (name: 'east' | 'west') => ({
    auth: {
      auth_url: `${urls[name]}/v3`,
      username: 'admin',
      password: 'secret',
      project_name: 'demo',
      user_domain_id: 'default',
      project_domain_id: 'default',
    },
    region_name: name,
  });
  return { east: entry('east'), west: entry('west') };
}
