/**
 * What many groups cost: 1,000 groups of 10 containers each, 100 sessions at once until all are
 * proven, then at rest. `npm run benchmark:groups -- --groups 1000 --containers 10 --seconds 60
 * --steps 4 --store level`; `--store etcd` keeps the state in a real etcd; `--seeded` writes the state
 * of groups that were replicated for a month (30 points each) instead of replicating any.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { systemClock } from '../../kernel/clock.ts';
import { EtcdStore } from '../../controller/store/etcd/etcd-store.ts';
import { LevelStore } from '../../controller/store/level-store.ts';
import type { Store } from '../../controller/store/store.ts';
import { EtcdCluster } from '../support/etcd.ts';
import { systemAmbient } from '../support/system-ambient.ts';
import { seedGroups } from './groups-seed.ts';
import { containerName, type ControllerProcess, GroupsStage } from './groups-stage.ts';
import { usageOf } from './process-usage.ts';

const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '1000' },
    containers: { type: 'string', default: '10' },
    store: { type: 'string', default: 'level' },
    seconds: { type: 'string', default: '60' },
    steps: { type: 'string', default: '4' },
    seeded: { type: 'boolean', default: false },
  },
});
const groups = Number(values.groups);
const containers = Number(values.containers);
const restSeconds = Number(values.seconds);
const steps = Number(values.steps);
const scrapeEveryMs = 15_000;

interface Row {
  readonly groups: number;
  /** At rest, of one core. */
  readonly cpuShare: number;
  readonly residentMiB: number;
  readonly requestsPerMinute: number;
  readonly scrapeMs: number;
}

interface Burst {
  readonly from: number;
  readonly to: number;
  readonly applySeconds: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly atOnce: number;
  readonly peakMiB: number;
}

const mib = (bytes: number) => bytes / 1024 ** 2;

/** The sum of a metric's series that have the label. */
function sumOf(text: string, metric: string, label = ''): number {
  const lines = text.split('\n').filter((line) => line.startsWith(metric) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function scrape({ url }: ControllerProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

async function usage({ process }: ControllerProcess) {
  if (process.pid === undefined) throw new Error('the controller ended: see its log');
  return usageOf(process.pid);
}

async function applyGroups(
  { client }: ControllerProcess,
  from: number,
  to: number,
  paused: boolean,
): Promise<void> {
  const queue = new PQueue({ concurrency: 8 });
  const orders = Array.from({ length: to - from }, (_, offset) => async () => {
    const name = `group-${String(from + offset).padStart(4, '0')}`;
    const first = (from + offset) * containers;
    const members = Array.from({ length: containers }, (_each, index) => ({
      container: containerName(first + index),
    }));
    const source = { region: 'east', project: 'demo' };
    await client.put(`/groups/${name}`, { name, policy: 'rare', source, members, paused });
  });
  await queue.addAll(orders);
}

/** Applies more groups, all of which become due at once then, and waits for each one's proven point. */
async function protect(controller: ControllerProcess, from: number, to: number): Promise<Burst> {
  const applyStart = performance.now();
  await applyGroups(controller, from, to, true);
  const applySeconds = (performance.now() - applyStart) / 1000;
  const start = performance.now();
  const before = await usage(controller);
  const due = applyGroups(controller, from, to, false);
  let [atOnce, peak, proven] = [0, 0, 0];
  while (proven < to) {
    await systemClock.sleep(2_000);
    const text = await scrape(controller);
    proven = sumOf(text, 'farshore_recovery_points', 'state="proven"');
    atOnce = Math.max(atOnce, sumOf(text, 'farshore_controller_claims', 'kind="session"'));
    peak = Math.max(peak, (await usage(controller)).residentBytes);
  }
  await due;
  const seconds = (performance.now() - start) / 1000;
  const cpuSeconds = (await usage(controller)).cpuSeconds - before.cpuSeconds;
  return { from, to, applySeconds, seconds, cpuSeconds, atOnce, peakMiB: mib(peak) };
}

/** Nothing is due; scraped as Prometheus would. */
async function rest(controller: ControllerProcess, count: number): Promise<Row> {
  await systemClock.sleep(5_000);
  const metric = 'farshore_store_requests_total';
  const requestsBefore = sumOf(await scrape(controller), metric);
  const before = await usage(controller);
  const start = performance.now();
  let [resident, scrapeMs] = [0, 0];
  while (performance.now() - start < restSeconds * 1000) {
    await systemClock.sleep(Math.min(scrapeEveryMs, restSeconds * 1000));
    const scrapeStart = performance.now();
    await scrape(controller);
    scrapeMs = Math.max(scrapeMs, performance.now() - scrapeStart);
    resident = Math.max(resident, (await usage(controller)).residentBytes);
  }
  const took = (performance.now() - start) / 1000;
  const after = await usage(controller);
  const requests = sumOf(await scrape(controller), metric) - requestsBefore;
  return {
    groups: count,
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / took,
    residentMiB: mib(resident),
    requestsPerMinute: (requests * 60) / took,
    scrapeMs,
  };
}

/** Groups after each step, none before the first. */
const counts = Array.from({ length: steps + 1 }, (_, step) => Math.round((step * groups) / steps));

async function replicated(stage: GroupsStage, etcd: string | undefined): Promise<readonly Row[]> {
  const start = performance.now();
  await stage.openRegions(groups * containers);
  const took = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${groups * containers} containers made in ${took} s`);
  const controller = await stage.startController('controller', etcd);
  await controller.client.put('/policies/rare', {
    name: 'rare',
    objectives: { rpo: '3d', rto: '1d' },
    schedule: { every: '1d' },
    target: 'west',
  });
  const rows: Row[] = [];
  for (const [step, count] of counts.entries()) {
    if (step > 0) tellBurst(await protect(controller, counts[step - 1] ?? 0, count));
    rows.push(await rest(controller, count));
  }
  return rows;
}

async function seeded(stage: GroupsStage, etcd: string | undefined): Promise<readonly Row[]> {
  await stage.openRegions(0);
  const rows: Row[] = [];
  for (const [step, count] of counts.entries()) {
    const store = await openStore(stage, etcd);
    await seedGroups(store, counts[step - 1] ?? 0, count, containers);
    await store.close();
    const controller = await stage.startController('controller', etcd);
    while (!(await fetch(`${controller.url}/readyz`)).ok) await systemClock.sleep(100);
    rows.push(await rest(controller, count));
    await stage.stop(controller.process);
  }
  return rows;
}

/** As the controller opens it. */
async function openStore(stage: GroupsStage, etcd: string | undefined): Promise<Store> {
  if (etcd === undefined) return LevelStore.open(join(stage.directory, 'controller', 'state'));
  return EtcdStore.open({ endpoints: [etcd], prefix: '/farshore/', ambient: systemAmbient });
}

function tellBurst(burst: Burst): void {
  const { from, to, applySeconds, seconds, cpuSeconds, atOnce, peakMiB } = burst;
  console.log(
    `groups ${from} to ${to}: applied in ${applySeconds.toFixed(0)} s; all due: proven after ${seconds.toFixed(0)} s, ` +
      `up to ${atOnce} sessions at once, ${cpuSeconds.toFixed(0)} CPU-s, ${peakMiB.toFixed(0)} MiB at most`,
  );
}

function tellRest(rows: readonly Row[]): void {
  const base = rows[0]?.cpuShare ?? 0;
  console.log('at rest:');
  console.table(
    rows.map(({ groups: count, cpuShare, residentMiB, requestsPerMinute, scrapeMs }) => ({
      groups: count,
      'CPU, % of a core': Number((cpuShare * 100).toFixed(2)),
      'CPU-ms/group/min':
        count === 0 ? '' : Number((((cpuShare - base) * 60_000) / count).toFixed(2)),
      'store requests/min': Number(requestsPerMinute.toFixed(1)),
      'RSS, MiB': Number(residentMiB.toFixed(0)),
      'scrape, ms': Number(scrapeMs.toFixed(0)),
    })),
  );
}

const directory = await mkdtemp(join(tmpdir(), 'farshore-groups-'));
const stage = new GroupsStage(directory);
const cluster = values.store === 'etcd' ? await EtcdCluster.start() : undefined;
try {
  const [etcd] = cluster?.endpoints ?? [];
  console.log(etcd === undefined ? 'state on the controller’s disk' : 'state in etcd');
  tellRest(await (values.seeded ? seeded : replicated)(stage, etcd));
} finally {
  await stage.close();
  await cluster?.stop();
  await rm(directory, { recursive: true, force: true });
}
