import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import { loadClouds } from '../../regions/identity/clouds.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import type { ProjectScope, Region as CloudRegion } from '../../regions/region.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { Memo, ResourceRef, RestoreOrder, SessionContext } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import type { VolumeCapture, VolumeCopy } from '../../replicator/volume/types.ts';
import { writeClouds } from './clouds.ts';
import { Lab } from './lab.ts';
import { corruptObject } from './swift-disk.ts';
import type { RegionName } from './topology.ts';
import { punchHole, volumeSha256, writeVolume, zeroVolume } from './volumes.ts';

const mib = 1024 * 1024;
const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
const group = 'vm-test';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What crossed, and what was copied inside Swift. */
class Count {
  bytes = 0;
  objects = 0;
  copiedBytes = 0;
  copiedObjects = 0;
  expect(): void {}
  present(): void {}
  moved(work: { readonly bytes?: number; readonly objects?: number }): void {
    this.bytes += work.bytes ?? 0;
    this.objects += work.objects ?? 0;
  }
  copied(work: { readonly bytes?: number; readonly objects?: number }): void {
    this.copiedBytes += work.bytes ?? 0;
    this.copiedObjects += work.objects ?? 0;
  }
}

class MapMemo implements Memo {
  readonly #map = new Map<string, string>();
  get(key: string): string | undefined {
    return this.#map.get(key);
  }
  set(key: string, value: string): Promise<void> {
    this.#map.set(key, value);
    return Promise.resolve();
  }
}

describe('the volume mover on real services', function () {
  this.timeout(600_000);
  const mover = createVolumeMover({ ambient });
  const { signal } = new AbortController();
  const opened: CloudRegion[] = [];
  const volumes = new Map<string, ResourceRef>();
  let lab: Lab;
  let scopes: Record<RegionName, ProjectScope>;
  let spoolDir: string;
  let count: Count;
  const copies: VolumeCopy[] = [];
  const restoredIds: string[] = [];

  function session(sessionId: string, isResumed = false): SessionContext {
    count = new Count();
    const bank = createBank({
      store: scopes.west.objectStore,
      container: 'vm-test-bank',
      spoolDir,
      ambient,
    });
    return {
      group,
      target: scopes.west,
      source: scopes.east,
      bank,
      sharedSwift: lab.topology === 'stretched',
      progress: count,
      signal,
      sessionId: `${sessionId}-${run}`,
      isResumed,
      volumeTypes: {},
      maxIncrementals: 6,
      spoolDir,
    };
  }
  const run = systemRandom.id();

  function order(mode: 'drill' | 'failover', name: string): RestoreOrder {
    return {
      executionId: `${name}-${run}`,
      mode,
      scratch: `farshore-drill-${name}-${run}`,
      memo: new MapMemo(),
    };
  }

  async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`      ${what}: ${seconds} s`);
    return result;
  }

  async function protect(
    name: string,
    sessionId: string,
    previous: VolumeCopy | null,
    change: (capture: VolumeCapture) => VolumeCapture = (capture) => capture,
  ): Promise<VolumeCopy> {
    const context = session(sessionId);
    const volume = volumes.get(name)!;
    const capture = change(await timed('capture', () => mover.capture(volume, context)));
    const copy = await timed('ship', () =>
      mover.ship(capture, previous && { copy: previous, damage: [] }, context),
    );
    await timed('tidy', () => mover.tidy(copy, context));
    console.log(
      `      ${name}: chain ${copy.chain.length}, ${copy.bytes} B in ${copy.objects} objects; moved ${count.bytes} B, ${count.objects} objects; copied ${count.copiedBytes} B`,
    );
    copies.push(copy);
    return copy;
  }

  async function restoreAndCompare(copy: VolumeCopy, sha256: string): Promise<void> {
    const at = session('recover');
    const drill = order('drill', `r${copies.indexOf(copy)}`);
    const restored = await timed('restore', () => mover.restore(copy, drill, at));
    restoredIds.push(restored.id);
    expect(await volumeSha256(lab.region('west'), restored.id)).to.equal(sha256);
    const check = await timed('check', () => mover.check(copy, restored, drill, at));
    expect(check).to.include({ state: 'verified', bytes: copy.attributes.sizeGib * 1024 * mib });
    const volume = await scopes.west.blockStorage.getVolume(restored.id);
    expect(volume?.metadata).to.include({ colour: 'blue', farshore_scratch: drill.scratch });
    expect(await mover.inventory(drill.scratch, at)).to.have.length(1);
    await timed('discard', () => mover.discard(copy, drill, at));
    expect(await mover.inventory(drill.scratch, at)).to.deep.equal([]);
  }

  before(async () => {
    lab = await Lab.up({ say: console.log });
    spoolDir = await mkdtemp(join(tmpdir(), 'vm-test-'));
    const file = join(spoolDir, 'clouds.yaml');
    await writeClouds(lab, file, 'demo');
    const clouds = await loadClouds({ env: { OS_CLIENT_CONFIG_FILE: file }, cwd: spoolDir });
    const open = async (name: RegionName): Promise<ProjectScope> => {
      const region = openRegion(
        {
          name,
          cloud: await clouds.get(name),
          regionName: name,
          swiftCluster: lab.topology === 'stretched' ? 'both' : name,
          maxCalls: 8,
        },
        { ambient },
      );
      opened.push(region);
      return region.home();
    };
    scopes = { east: await open('east'), west: await open('west') };
    for (const name of ['vm-data', 'vm-chain', 'vm-empty']) {
      const { id } = await scopes.east.blockStorage.createVolume({
        name,
        description: `${name} of the test`,
        sizeGib: 1,
        metadata: { colour: 'blue' },
      });
      volumes.set(name, { kind: 'volume', id, name });
    }
    const east = lab.region('east');
    for (const { id } of volumes.values())
      while ((await scopes.east.blockStorage.getVolume(id))?.status !== 'available')
        await systemClock.sleep(500);
    await writeVolume(east, volumes.get('vm-data')!.id, 5 * mib, { randomMiB: 300, seed: 1 });
    await writeVolume(east, volumes.get('vm-chain')!.id, 0, { randomMiB: 60, seed: 2 });
  });

  after(async () => {
    const at = session('clean');
    for (const id of restoredIds) await scopes.west.blockStorage.deleteVolume(id);
    await timed('expire', () => mover.expire(copies, [], at));
    for (const { id } of volumes.values()) {
      const cinder = scopes.east.blockStorage;
      const gone = copies.find((copy) => copy.resource.id === id);
      if (gone !== undefined) await mover.tidy({ ...gone, chain: [] }, at);
      await cinder.deleteVolume(id);
    }
    for (const row of await all(scopes.west.objectStore.list('vm-test-bank')))
      await scopes.west.objectStore.delete('vm-test-bank', row.name);
    await scopes.west.objectStore.deleteContainer('vm-test-bank');
    for (const region of opened) await region.close();
    await rm(spoolDir, { recursive: true });
  });

  const first = new Map<string, VolumeCopy>();

  it('ships full backups of volumes with and without data, whole', async () => {
    for (const name of ['vm-data', 'vm-empty']) {
      const copy = await protect(name, 's1', null);
      expect(copy).to.include({ consistency: 'snapshot' });
      expect(copy.chain).to.have.length(1);
      const found = await timed('verify content', () =>
        mover.verify(copy, 'content', session('verify')),
      );
      expect(found.findings).to.deep.equal([]);
      expect(found.objects).to.be.greaterThan(0);
      first.set(name, copy);
    }
  });

  it('moves nothing for an unchanged volume', async () => {
    const before = first.get('vm-data')!;
    const again = await protect('vm-data', 's2', before);
    expect(count).to.include({ bytes: 0, objects: 0, copiedBytes: 0, copiedObjects: 0 });
    expect(again.chain).to.deep.equal(before.chain);
    expect(again.dataTime > before.dataTime).to.equal(true);
    const left = await all(scopes.east.blockStorage.listBackups({ volumeId: before.resource.id }));
    expect(left.map(({ id }) => id)).to.deep.equal(before.chain.map(({ backupId }) => backupId));
  });

  it('restores what was there, byte for byte', async () => {
    for (const name of ['vm-data', 'vm-empty']) {
      const sha256 = await volumeSha256(lab.region('east'), volumes.get(name)!.id);
      await restoreAndCompare(first.get(name)!, sha256);
    }
  });

  it('ships a chain of four with overwritten, zeroed and trimmed blocks', async () => {
    const east = lab.region('east');
    const { id } = volumes.get('vm-chain')!;
    let copy = await protect('vm-chain', 'c1', null);
    const afterFirst = await volumeSha256(east, id);
    const full = copy;
    await writeVolume(east, id, 10 * mib + 12_345, { randomMiB: 3, seed: 3 });
    copy = await protect('vm-chain', 'c2', copy);
    await zeroVolume(east, id, 20 * mib, 4);
    copy = await protect('vm-chain', 'c3', copy);
    await punchHole(east, id, 30 * mib, 5 * mib);
    await writeVolume(east, id, 1000 * mib, { randomMiB: 24, seed: 4 });
    copy = await protect('vm-chain', 'c4', copy);
    expect(copy.chain.map(({ incremental }) => incremental)).to.deep.equal([
      false,
      true,
      true,
      true,
    ]);
    const at = session('verify');
    const found = await timed('verify content', () => mover.verify(copy, 'content', at));
    expect(found.findings).to.deep.equal([]);
    await restoreAndCompare(copy, await volumeSha256(east, id));
    await restoreAndCompare(full, afterFirst);
    first.set('vm-chain', copy);
  });

  it('finds altered and deleted objects, and repairs them from the primary', async () => {
    const copy = first.get('vm-chain')!;
    const backup = copy.chain[0]!;
    const { account } = scopes.west.objectStore;
    const path = { account, container: backup.container, object: `${backup.prefix}-00001` };
    await corruptObject(lab, 'west', path, 'alter');
    const at = session('verify');
    const found = await mover.verify(copy, 'content', at);
    expect(found.damaged).to.equal(1);
    expect(found.findings[0]).to.include({ subject: `${path.container}/${path.object}` });
    console.log(`      found: ${found.findings[0]!.problem}, ${found.findings[0]!.detail}`);
    const deleted = `${copy.chain[1]!.prefix}-00001`;
    await scopes.west.objectStore.delete(backup.container, deleted);
    const both = await mover.verify(copy, 'listing', at);
    expect(both.findings.map(({ problem }) => problem)).to.include('missing');
    const context = session('c5');
    const capture = await mover.capture(volumes.get('vm-chain')!, context);
    const damage = [...found.findings, ...both.findings];
    const repaired = await mover.ship(capture, { copy, damage }, context);
    await mover.tidy(repaired, context);
    expect(repaired.chain).to.deep.equal(copy.chain);
    expect(count.objects + count.copiedObjects).to.equal(2);
    const whole = await mover.verify(repaired, 'content', at);
    expect(whole.findings).to.deep.equal([]);
  });

  it('brings a failover’s volume up as it was, and again after it was forgotten', async () => {
    const copy = first.get('vm-empty')!;
    const at = session('failover');
    const failover = order('failover', 'f');
    const restored = await mover.restore(copy, failover, at);
    restoredIds.push(restored.id);
    const same = await mover.restore(copy, failover, at);
    expect(same.id).to.equal(restored.id);
    const volume = await scopes.west.blockStorage.getVolume(restored.id);
    expect(volume).to.include({ name: 'vm-empty', description: 'vm-empty of the test' });
    expect(volume?.metadata).to.deep.equal({ colour: 'blue' });
  });

  it('mends what Cinder leaves behind when its scheduler knows no cinder-backup, and goes on', async () => {
    const east = lab.region('east');
    const cinder = scopes.east.blockStorage;
    const context = session('l1');
    // Backups of earlier sessions go now: their deletion would wait for cinder-backup too.
    await mover.tidy({ ...first.get('vm-empty')!, chain: [] }, context);
    await east.stopService('cinder-backup');
    await east.stopService('cinder-scheduler');
    await east.startService('cinder-scheduler');
    const isUp = await cinder.isBackupServiceUp();
    console.log(
      `      cinder-backup is stopped; Cinder says it is ${isUp === true ? 'up' : 'down'}`,
    );
    const volume = volumes.get('vm-empty')!;
    // As a backup without a snapshot leaves it, and Cinder then takes it for the volume's status.
    const previous = `UPDATE volumes SET previous_status='backing-up' WHERE id='${volume.id}'`;
    await east.run(['mysql', 'cinder', '-e', previous]);
    const capture = await mover.capture(volume, context);
    const shipping = mover.ship(capture, null, context);
    const hasFailed = async () =>
      (await all(cinder.listBackups({ volumeId: volume.id }))).some(
        ({ status }) => status === 'error',
      );
    const over = shipping.then(
      () => true,
      () => true,
    );
    for (;;) {
      const isOver = await Promise.race([over, systemClock.sleep(200)]);
      if (isOver === true || (await hasFailed())) break;
    }
    await east.startService('cinder-backup');
    const copy = await timed('ship', () => shipping);
    copies.push(copy);
    expect(copy.chain).to.have.length(1);
    expect((await cinder.getVolume(volume.id))?.status).to.equal('available');
    await mover.tidy(copy, context);
    expect(await all(cinder.listSnapshots({ volumeId: volume.id }))).to.deep.equal([]);
  });

  it('backs up without a snapshot, and refuses it where the driver gives other bytes', async () => {
    const cinder = scopes.east.blockStorage;
    const volume = volumes.get('vm-empty')!;
    const direct = async (sessionId: string): Promise<VolumeCopy> => {
      const context = session(sessionId);
      const capture = await mover.capture(volume, context);
      await removeSnapshot(capture.snapshotId!);
      return mover.ship({ ...capture, snapshotId: null }, null, context);
    };
    const removeSnapshot = async (id: string): Promise<void> => {
      await cinder.deleteSnapshot(id);
      while ((await cinder.getSnapshot(id)) !== null) await systemClock.sleep(500);
    };
    const copy = await direct('n1');
    copies.push(copy);
    expect(copy).to.include({ consistency: 'backup' });
    expect((await mover.verify(copy, 'content', session('v'))).findings).to.deep.equal([]);
    // NFS, with a snapshot of somebody else's: Cinder backs the overlay file up.
    const other = await cinder.createSnapshot({ volumeId: volume.id, name: 'vm-other' });
    while ((await cinder.getSnapshot(other.id))?.status !== 'available')
      await systemClock.sleep(500);
    const error = await direct('n2').then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).to.have.property('code', 'volume.backup-incomplete');
    await mover.tidy(copy, session('n2'));
    await removeSnapshot(other.id);
  });
});
