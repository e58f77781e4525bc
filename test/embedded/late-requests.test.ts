/**
 * The order of events: an execution asks a region for something → it is broken off, or the answer is lost
 * → what it knew of is discarded and the inventory is empty, or the order is given anew → it ends → only
 * now the region carries out what was asked. That is found by its mark and deleted, and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { noProgress } from '../../kernel/progress.ts';
import type { RequestFault } from '../../regions/embedded/faults/faults.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import { createMovers } from '../../replicator/kinds.ts';
import type {
  Copy,
  EndedExecution,
  Mover,
  Movers,
  ResourceRef,
  RestoreOrder,
  SessionContext,
} from '../../replicator/mover.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { Outsider } from '../contract/support/outsider.ts';
import { makeShop } from '../contract/support/shop.ts';
import { testIdentity } from '../support/identity.ts';
import { collect, rejection } from '../support/rejection.ts';
import { type EmbeddedEnvironment, embeddedEnvironment } from './environment.ts';

const heldMs = 1_500;
const creations: Readonly<Record<string, Partial<RequestFault>>> = {
  volume: { service: 'block-storage', method: 'POST', path: '/volumes$' },
  image: { service: 'image', method: 'POST', path: '/images$' },
  container: { service: 'object-store', method: 'PUT', path: '/farshore-drill-[^/]*$' },
};

describe('requests that are carried out after their execution has ended, on embedded regions', function () {
  this.timeout(120_000);
  const copies = new Map<string, Copy>();
  let environment: EmbeddedEnvironment;
  let scopes: Scopes;
  let spoolDir: string;
  let movers: Movers;
  let session: SessionContext;

  before('a copy of each kind in west', async () => {
    environment = await embeddedEnvironment();
    const { ambient } = environment;
    scopes = await openScopes(environment);
    spoolDir = await mkdtemp(join(tmpdir(), 'farshore-late-'));
    movers = createMovers(ambient, spoolDir);
    const bank = createBank({
      identity: testIdentity(),
      store: scopes.west.objectStore,
      container: 'bank',
      spoolDir,
      ambient,
    });
    session = {
      group: 'shop',
      sessionId: 's1',
      isResumed: false,
      source: scopes.east,
      target: scopes.west,
      bank,
      sharedSwift: false,
      mappings: {},
      options: {},
      spoolDir,
      progress: noProgress,
      signal: new AbortController().signal,
    };
    const outsider = await Outsider.login(environment.regions.east);
    const shop = await makeShop(environment, outsider, scopes.east, 'shop');
    outsider.close();
    const ids = { volume: shop.volumeId, image: shop.imageId, container: 'shop' };
    for (const [kind, id] of Object.entries(ids)) {
      const resource: ResourceRef = { kind, id, name: 'shop' };
      const capture = await movers[kind]!.capture(resource, session);
      copies.set(kind, await movers[kind]!.ship(capture, null, session));
    }
  });
  after(async () => {
    await scopes.close();
    await environment.close();
    await rm(spoolDir, { recursive: true });
  });
  afterEach(() => environment.faults.west.heal());

  interface Attempt {
    readonly mover: Mover;
    readonly copy: Copy;
    readonly order: RestoreOrder;
    readonly ended: EndedExecution;
  }

  function attemptOf(kind: string, id: string, mode: RestoreOrder['mode']): Attempt {
    const memory = new Map<string, string>();
    const scratch = `farshore-drill-${id}`;
    const order: RestoreOrder = {
      executionId: id,
      mode,
      scratch,
      memo: {
        get: (key) => memory.get(key),
        set: (key, value) => Promise.resolve(void memory.set(key, value)),
      },
      restored: () => undefined,
    };
    const knew = (each: string) => [...memory.values()].join(' ').split(' ').includes(each);
    return {
      mover: movers[kind]!,
      copy: copies.get(kind)!,
      order,
      ended: { id, mode, scratch, knew },
    };
  }

  /** A restore whose first order of this kind is held up in the region, and which is broken off there. */
  async function brokenOff(kind: string, { mover, copy, order }: Attempt): Promise<void> {
    const { west } = environment.faults;
    west.add({ ...creations[kind], heldMs, times: 1 });
    const stop = new AbortController();
    const work = Promise.allSettled([
      mover.restore(copy, order, { ...session, signal: stop.signal }),
    ]);
    while (west.requestFaults.length > 0) await delay(5);
    stop.abort();
    const [{ status }] = await work;
    expect(status).to.equal('rejected');
  }

  /** What is not a drill's, as all who look at the project see it. */
  async function everything(): Promise<readonly string[]> {
    const { blockStorage, images, objectStore } = scopes.west;
    const volumes = await collect(blockStorage.listVolumes());
    const found = await collect(images.list());
    const containers = await collect(objectStore.listContainers());
    return [...volumes, ...found].map(({ id }) => id).concat(containers.map(({ name }) => name));
  }

  for (const kind of Object.keys(creations))
    it(`a drill's ${kind}`, async () => {
      const before = await everything();
      const attempt = attemptOf(kind, `drill-${kind}`, 'drill');
      const { mover, copy, order, ended } = attempt;
      await brokenOff(kind, attempt);
      await mover.discard(copy, order, session);
      expect(await mover.inventory(order.scratch, session)).to.deep.equal([]);
      expect(await mover.sweepExecution(ended, session)).to.deep.equal({ deleted: [], left: [] });
      await delay(heldMs + 200);
      expect(await mover.inventory(order.scratch, session)).to.have.length(1);
      const others = attemptOf(kind, 'another', 'drill').ended;
      expect(await mover.sweepExecution(others, session)).to.deep.equal({ deleted: [], left: [] });
      const { deleted, left } = await mover.sweepExecution(ended, session);
      expect(left).to.deep.equal([]);
      expect(deleted).to.have.length(1);
      expect(await everything()).to.deep.equal(before);
    });

  it("a drill's container that has been written into by its requests", async () => {
    const { mover, copy, order, ended } = attemptOf('container', 'drill-full', 'drill');
    await mover.restore(copy, order, session);
    const { deleted } = await mover.sweepExecution(ended, session);
    expect(deleted).to.include('container farshore-drill-drill-full-shop');
    expect(await mover.inventory(order.scratch, session)).to.deep.equal([]);
  });

  it('the second volume of a failover whose first order came late', async () => {
    const attempt = attemptOf('volume', 'failover-twice', 'failover');
    const { mover, copy, order, ended } = attempt;
    await brokenOff('volume', attempt);
    const { id } = await mover.restore(copy, order, session);
    await delay(heldMs + 200);
    const { blockStorage } = scopes.west;
    expect(await collect(blockStorage.listVolumes({ name: 'shop' }))).to.have.length(2);
    const { deleted, left } = await mover.sweepExecution(ended, session);
    expect(left).to.deep.equal([]);
    expect(deleted).to.have.length(1);
    const kept = await collect(blockStorage.listVolumes({ name: 'shop' }));
    expect(kept.map((each) => each.id)).to.deep.equal([id]);
    await blockStorage.deleteVolume(id);
  });

  it('a volume that a failed failover knew of stays for its retry', async () => {
    const attempt = attemptOf('volume', 'failover-failed', 'failover');
    const { mover, copy, order, ended } = attempt;
    environment.faults.west.add({
      service: 'block-storage',
      method: 'POST',
      path: '/restore$',
      status: 400,
      times: 1,
    });
    await rejection(mover.restore(copy, order, session));
    const known = order.memo.get('volume')!;
    expect(await mover.sweepExecution(ended, session)).to.deep.equal({ deleted: [], left: [] });
    expect(await scopes.west.blockStorage.getVolume(known)).to.include({ name: 'shop' });
    await scopes.west.blockStorage.deleteVolume(known);
  });

  it('nothing of users that looks like it', async () => {
    const { blockStorage, images, objectStore } = scopes.west;
    const { ended } = attemptOf('container', 'drill-users', 'drill');
    const { scratch } = ended;
    await objectStore.putContainer(`${scratch}-mine`, {});
    await objectStore.put(`${scratch}-mine`, 'o', 'x', { contentLength: 1 });
    // As Nova and Cinder pass properties on from image to image.
    const properties = { farshore_scratch: scratch, farshore_image_id: 'another' };
    const image = await images.create({
      name: 'mine',
      diskFormat: 'raw',
      containerFormat: 'bare',
      visibility: 'private',
      properties,
    });
    const volume = await blockStorage.createVolume({
      name: 'mine',
      sizeGib: 1,
      metadata: { farshore_scratch: scratch },
    });
    const left = [];
    for (const mover of Object.values(movers)) {
      const swept = await mover.sweepExecution(ended, session);
      expect(swept.deleted).to.deep.equal([]);
      left.push(...swept.left);
    }
    expect(left).to.deep.equal([`container ${scratch}-mine without its mark`]);
    expect(await images.get(image.id)).to.include({ name: 'mine' });
    expect(await blockStorage.getVolume(volume.id)).to.include({ name: 'mine' });
    expect(await collect(objectStore.list(`${scratch}-mine`))).to.have.length(1);
  });
});
