/**
 * One Swift under both regions, and a bank in a project of its own, as it is unless the groups' project is
 * that of the credentials: Swift copies across accounts only what everybody may read.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { noProgress } from '../../kernel/progress.ts';
import type { RequestEvent } from '../../regions/http/request-event.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import type { ProjectScope, Region } from '../../regions/region.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import { preflightContainers } from '../../replicator/container/preflight.ts';
import type { ContainerCopy } from '../../replicator/container/types.ts';
import { createMovers } from '../../replicator/kinds.ts';
import type {
  Copy,
  Movers,
  ResourceRef,
  RestoreOrder,
  SessionContext,
} from '../../replicator/mover.ts';
import { cloudOf, configOf } from '../contract/support/open.ts';
import { makeVolume } from '../contract/support/shop.ts';
import { testIdentity } from '../support/identity.ts';
import { embeddedEnvironment, type EmbeddedEnvironment } from './environment.ts';

const mib = 1024 * 1024;
const many = 60;

describe('a bank in another account of the Swift that both regions share', function () {
  this.timeout(120_000);
  const events: RequestEvent[] = [];
  const regions: Region[] = [];
  const moved = { bytes: 0, copied: 0 };
  const large = randomBytes(9 * mib);
  let environment: EmbeddedEnvironment;
  let spoolDir: string;
  let movers: Movers;
  let east: ProjectScope;
  let west: ProjectScope;
  let other: ProjectScope;
  let session: SessionContext;

  before(async () => {
    environment = await embeddedEnvironment('stretched');
    const open = (name: 'east' | 'west', project: string): Promise<ProjectScope> => {
      const config = configOf(environment, name, cloudOf(environment.regions[name], project));
      const onRequest = (event: RequestEvent): void => void events.push(event);
      const region = openRegion(config, { ambient: environment.ambient, onRequest });
      regions.push(region);
      return region.home();
    };
    [east, west, other] = await Promise.all([
      open('east', 'demo'),
      open('west', 'demo'),
      open('west', 'admin'),
    ]);
    spoolDir = await mkdtemp(join(tmpdir(), 'farshore-accounts-'));
    movers = createMovers(environment.ambient, spoolDir);
    session = {
      group: 'shop',
      sessionId: 's1',
      isResumed: false,
      source: east,
      target: west,
      bank: createBank({
        identity: testIdentity(),
        store: other.objectStore,
        container: 'bank',
        spoolDir,
        ambient: environment.ambient,
      }),
      sharedSwift: true,
      mappings: {},
      options: {},
      spoolDir,
      progress: {
        ...noProgress,
        moved: ({ bytes = 0 }) => void (moved.bytes += bytes),
        copied: ({ objects = 0 }) => void (moved.copied += objects),
      },
      signal: new AbortController().signal,
    };
    await fill();
  });

  after(async () => {
    await Promise.all(regions.map((region) => region.close()));
    await environment.close();
    await rm(spoolDir, { recursive: true });
  });

  const put = (container: string, name: string, body: Buffer | string) =>
    east.objectStore.put(container, name, body, { contentLength: Buffer.byteLength(body) });

  async function fill(): Promise<void> {
    const store = east.objectStore;
    for (const container of ['private', 'private_segments']) await store.putContainer(container);
    await store.putContainer('public', { 'x-container-read': '.r:*' });
    for (let n = 0; n < many; n += 1) await put('private', `small ${n}`, `body ${n}`);
    await put('private', 'large', large);
    await put('public', 'page', 'for everybody');
    const segments = [];
    for (const n of [1, 2]) {
      await put('private_segments', `film/${n}`, `part ${n};`);
      segments.push({ path: `/private_segments/film/${n}` });
    }
    const manifest = JSON.stringify(segments);
    const contentLength = Buffer.byteLength(manifest);
    await store.put('private', 'film', manifest, { contentLength, manifest: true });
  }

  async function protect(kind: string, id: string, more: Partial<SessionContext> = {}) {
    const resource: ResourceRef = { kind, id, name: id };
    const context = { ...session, ...more };
    const mover = movers[kind]!;
    return await mover.ship(await mover.capture(resource, context), null, context);
  }

  const refusals = () =>
    events.filter(({ service, status }) => service === 'object-store' && status === 403).length;
  const order = (mode: RestoreOrder['mode']): RestoreOrder => ({
    executionId: 'e1',
    mode,
    scratch: 'farshore-drill-e1',
    memo: { get: () => undefined, set: () => Promise.resolve() },
    restored: () => undefined,
  });

  async function whole(copy: Copy): Promise<void> {
    const mover = movers[copy.kind]!;
    expect((await mover.verify(copy, 'content', session)).findings).to.deep.equal([]);
    for (const mode of ['drill', 'failover'] as const) {
      const restored = await mover.restore(copy, order(mode), session);
      const check = await mover.check(copy, restored, order(mode), session);
      expect(check, check.detail).to.include({ state: 'verified' });
    }
  }

  it('is copied into by the Swift where everybody may read', async () => {
    const copy = (await protect('container', 'public')) as ContainerCopy;
    expect(copy.lacking).to.equal(undefined);
    expect([moved.bytes, moved.copied, refusals()]).to.deep.equal([0, 1, 0]);
    await whole(copy);
  });

  it('takes all else through this process, and does not ask for each object again', async () => {
    const copy = (await protect('container', 'private')) as ContainerCopy;
    expect([copy.lacks, copy.notes]).to.deep.equal([undefined, []]);
    expect(copy.objects).to.equal(many + 4);
    expect(moved.bytes).to.be.above(large.length);
    expect(refusals()).to.be.within(1, many / 2);
    const before = refusals();
    await put('private', 'late', 'later');
    const next = { sessionId: 's2', spoolDir: join(spoolDir, 's2') };
    await mkdir(next.spoolDir);
    const later = (await protect('container', 'private', next)) as ContainerCopy;
    expect(later.objects).to.equal(many + 5);
    expect(refusals()).to.equal(before);
    await put('private', 'small 1', 'spoilt');
    await east.objectStore.delete('private', 'large');
    await east.objectStore.delete('private_segments', 'film/2');
    await whole(later);
    const read = async (name: string) =>
      buffer((await west.objectStore.get('private', name))!.body);
    expect((await read('large')).equals(large)).to.equal(true);
    expect((await read('film')).toString()).to.equal('part 1;part 2;');
    expect((await read('small 1')).toString()).to.equal('body 1');
  });

  it('takes backups of volumes into another project through this process', async () => {
    const id = await makeVolume(environment, east, 'data');
    await environment.regions.east.writeVolume(id, 0, { randomMiB: 6, seed: 4 });
    const before = moved.bytes;
    const target = { ...session, target: other };
    const copy = await protect('volume', id, target);
    expect(moved.bytes - before).to.be.above(6 * mib);
    expect((await movers['volume']!.verify(copy, 'content', target)).findings).to.deep.equal([]);
  });

  it('is no reason to bring a container back in another project: that is refused beforehand', async () => {
    const resource = { kind: 'container', id: 'private', name: 'private' };
    const found = [{ ...resource, obstacle: null }];
    const { signal } = session;
    const context = { group: 'shop', source: east, sharedSwift: true, mappings: {}, signal };
    expect(await preflightContainers(found, { ...context, target: west })).to.deep.equal([]);
    const [fault, ...more] = await preflightContainers(found, { ...context, target: other });
    expect([fault?.path, more]).to.deep.equal(['target.project', []]);
  });

  it('is asked for by name: a container that only looks like that of the primary is told before the day', async () => {
    const found = [{ kind: 'container', id: 'private', name: 'private', obstacle: null }];
    const { signal } = session;
    // Two Swifts of one Keystone: the same account in both, and not the same containers.
    const account = west.objectStore.account;
    const target = { ...west, objectStore: { ...other.objectStore, account } };
    const context = {
      group: 'shop',
      source: east,
      target,
      sharedSwift: true,
      mappings: {},
      signal,
    };
    const told = async () =>
      (await preflightContainers(found, context)).map(({ message }) => message);
    expect((await told()).join()).to.include('container private of east is not what west shows');
    await other.objectStore.putContainer('private');
    expect((await told()).join()).to.include('swiftCluster');
  });
});
