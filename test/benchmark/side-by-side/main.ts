/**
 * The product's protection of containers beside rclone, on the same servers in one run: `npm run bench`.
 * `-- --objects 500 --large-mib 64 --unchanged 1000 --runs 1 --servers embedded` is a try of a minute.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { farshore } from './farshore.ts';
import type { Content } from './fill.ts';
import { type Race, type Row, raceAgain, raceFirst, tell } from './race.ts';
import { rclone } from './rclone.ts';
import { embeddedServers, labServers, type Servers } from './servers.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: 'lab' },
    scenarios: { type: 'string', default: 'small,large,unchanged,memory' },
    runs: { type: 'string', default: '5' },
    objects: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '4096' },
    unchanged: { type: 'string', default: '100000' },
    'large-mib': { type: 'string', default: '1024' },
    'large-objects': { type: 'string', default: '4' },
    memory: { type: 'string', default: '10000,100000,1000000' },
    transfers: { type: 'string', default: '8,16,32' },
    'round-trip': { type: 'string', default: '0' },
  },
});
const transfers = values.transfers.split(',').map(Number);
const runs = Number(values.runs);
const roundTripMs = Number(values['round-trip']);
const largeObjects = Number(values['large-objects']);

const contents = {
  small: content('small', Number(values.objects), Number(values.bytes)),
  large: content('large', largeObjects, (Number(values['large-mib']) << 20) / largeObjects),
  unchanged: content('unchanged', Number(values.unchanged), Number(values.bytes)),
};

function content(name: string, objects: number, bytesEach: number): Content {
  return { container: `bench-${name}-${objects}-${bytesEach}`, objects, bytesEach };
}

/** How many transfers at once suit rclone best here: one run each, the fastest is taken. */
async function tuned(race: Race, sample: Content): Promise<number> {
  const [only, ...others] = transfers;
  if (only === undefined) throw new Error('--transfers needs a number');
  if (others.length === 0) return only;
  const entries = transfers.map((each) => rclone(race.servers, { transfers: each }));
  const rows = await raceFirst({ ...race, runs: 1 }, sample, entries);
  const [best] = rows.toSorted((a, b) => a.seconds - b.seconds);
  return transfers[entries.findIndex(({ name }) => name === best?.who)] ?? only;
}

async function run(race: Race, scenarios: readonly string[]): Promise<readonly Row[]> {
  const { servers } = race;
  const rows: Row[] = [];
  for (const scenario of ['small', 'large'] as const) {
    if (!scenarios.includes(scenario)) continue;
    const chosen = contents[scenario];
    const fastest = rclone(servers, { transfers: await tuned(race, chosen) });
    rows.push(...(await raceFirst(race, chosen, [farshore(servers), fastest])));
  }
  if (scenarios.includes('unchanged')) {
    const best = await tuned(race, contents.small);
    const others = [false, true].map((withLargeObjects) =>
      rclone(servers, { transfers: best, withLargeObjects }),
    );
    rows.push(...(await raceAgain(race, contents.unchanged, [farshore(servers), ...others])));
  }
  return rows;
}

/** Objects without bytes: what is held of each is what counts. */
async function memory(race: Race): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const objects of values.memory.split(',').map(Number)) {
    const entries = [farshore(race.servers), rclone(race.servers, { transfers: 16 })];
    rows.push(...(await raceFirst({ ...race, runs: 1 }, content('memory', objects, 0), entries)));
  }
  return rows;
}

async function on<T>(servers: Servers, work: (servers: Servers) => Promise<T>): Promise<T> {
  try {
    return await work(servers);
  } finally {
    await servers.close();
  }
}

const directory = await mkdtemp(join(tmpdir(), 'farshore-bench-'));
try {
  const scenarios = values.scenarios.split(',');
  const embedded = (): Promise<Servers> => embeddedServers(join(directory, 'regions'), roundTripMs);
  const rows: Row[] = [];
  if (scenarios.some((each) => each !== 'memory')) {
    const servers = values.servers === 'lab' ? await labServers(roundTripMs) : await embedded();
    rows.push(
      ...(await on(servers, (opened) => run({ servers: opened, runs, directory }, scenarios))),
    );
  }
  // A million objects would take a real Swift hours, and the client's memory does not depend on it.
  if (scenarios.includes('memory'))
    rows.push(
      ...(await on(await embedded(), (servers) => memory({ servers, runs: 1, directory }))),
    );
  if (roundTripMs > 0) console.log(`west is ${roundTripMs} ms away`);
  tell(rows);
} finally {
  await rm(directory, { recursive: true, force: true });
}
