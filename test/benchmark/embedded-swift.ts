/**
 * What the embedded Swift costs, beside the least that a Node server can do, in one run: a large
 * object in and out, and the pages of a long listing. `npm run benchmark`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { request } from 'undici';
import { ServerProcess } from '../support/server-process.ts';
import { issueToken } from '../support/token.ts';
import { get, put } from './transfer.ts';

const objectBytes = 1024 ** 3;
const rounds = 5;
const listed = 100_000;
const pageRows = 10_000;

type Headers = Readonly<Record<string, string>>;

interface Place {
  readonly name: string;
  readonly object: string;
  readonly headers: Headers;
  readonly in: number[];
  readonly out: number[];
}

async function measure(place: Place): Promise<void> {
  place.in.push(await put(place.object, objectBytes, place.headers));
  const { seconds, bytes } = await get(place.object, place.headers);
  if (bytes !== objectBytes) throw new Error(`${place.name} gave ${bytes} bytes`);
  place.out.push(seconds);
}

function tell(what: 'in' | 'out', bare: Place, embedded: Place): void {
  const rate = (place: Place): number => objectBytes / 1024 ** 2 / median(place[what]);
  const share = ((100 * rate(embedded)) / rate(bare)).toFixed(0);
  console.log(
    `1 GiB ${what}: bare ${rate(bare).toFixed(0)} MiB/s, embedded ${rate(embedded).toFixed(0)} MiB/s, ${share} % of bare (medians of ${rounds})`,
  );
}

async function fill(container: string, headers: Headers): Promise<void> {
  await put(container, 0, headers);
  const queue = new PQueue({ concurrency: 16 });
  const start = performance.now();
  for (let index = 0; index < listed; index += 1) {
    const name = `${container}/folder-${index % 100}/object-${index}`;
    void queue.add(() => put(name, 0, headers));
    if (index % 1_000 === 0) await queue.onSizeLessThan(1_000);
  }
  await queue.onIdle();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${listed} empty objects in: ${(listed / seconds).toFixed(0)} a second`);
}

async function listPages(container: string, headers: Headers): Promise<void> {
  const seconds: number[] = [];
  let rows = 0;
  for (let marker = ''; ;) {
    const start = performance.now();
    const query = new URLSearchParams({ format: 'json', limit: String(pageRows), marker });
    const response = await request(`${container}?${query.toString()}`, { headers });
    const page = (await response.body.json()) as { name: string }[];
    seconds.push((performance.now() - start) / 1000);
    rows += page.length;
    marker = page.at(-1)?.name ?? '';
    if (page.length < pageRows) break;
  }
  if (rows !== listed) throw new Error(`${rows} rows were listed`);
  console.log(
    `pages of ${pageRows} rows of ${listed}: median ${median(seconds).toFixed(3)} s, slowest ${Math.max(...seconds).toFixed(3)} s`,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const directory = await mkdtemp(join(tmpdir(), 'farshore-benchmark-'));
const servers: ServerProcess[] = [];
try {
  const bareServer = await ServerProcess.start('test/benchmark/bare-server.ts', directory);
  servers.push(bareServer);
  const region = await ServerProcess.region(join(directory, 'region'));
  servers.push(region);
  const { token, projectId } = await issueToken(region.url);
  const account = `${region.url}/v1/AUTH_${projectId}`;
  const headers = { 'x-auth-token': token };
  await put(`${account}/large`, 0, headers);
  const embedded = {
    name: 'embedded',
    object: `${account}/large/object`,
    headers,
    in: [],
    out: [],
  };
  const bare = { name: 'bare', object: bareServer.url, headers: {}, in: [], out: [] };
  for (let round = 0; round < rounds; round += 1) {
    await measure(bare);
    await measure(embedded);
  }
  tell('in', bare, embedded);
  tell('out', bare, embedded);
  await fill(`${account}/long`, headers);
  await listPages(`${account}/long`, headers);
} finally {
  for (const server of servers) await server.end('SIGTERM');
  await rm(directory, { recursive: true, force: true });
}
