import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { noProgress } from '../../kernel/progress.ts';
import { systemRandom } from '../../kernel/random.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { ResourceRef, SessionContext } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import type { VolumeCopy } from '../../replicator/volume/types.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { removeAll } from '../contract/support/remove.ts';
import { volumeMoverSuite } from '../contract/volume-mover.ts';
import { collect as all } from '../support/rejection.ts';
import { ambient, labEnvironment, onLab, testLab } from './environment.ts';
import type { Lab } from './lab.ts';
import { testIdentity } from '../support/identity.ts';

onLab(volumeMoverSuite);

/** What only this Cinder does: a scheduler that forgets cinder-backup, and backups of NFS overlays. */
describe('the volume mover and the ways of this Cinder', function () {
  this.timeout(600_000);
  const mover = createVolumeMover({ ambient });
  const { signal } = new AbortController();
  const run = systemRandom.id();
  const volumes = new Map<string, ResourceRef>();
  const copies: VolumeCopy[] = [];
  let lab: Lab;
  let scopes: Scopes;
  let spoolDir: string;

  function session(sessionId: string): SessionContext {
    const bank = createBank({
      identity: testIdentity(),
      store: scopes.west.objectStore,
      container: 'vm-test-bank',
      spoolDir,
      ambient,
    });
    return {
      group: 'vm-test',
      target: scopes.west,
      source: scopes.east,
      bank,
      sharedSwift: lab.topology === 'stretched',
      progress: noProgress,
      signal,
      sessionId: `${sessionId}-${run}`,
      isResumed: false,
      mappings: {},
      options: { volume: { maxIncrementals: 6 } },
      spoolDir,
    };
  }

  async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`      ${what}: ${seconds} s`);
    return result;
  }

  before(async () => {
    lab = await testLab();
    spoolDir = await mkdtemp(join(tmpdir(), 'vm-test-'));
    scopes = await openScopes(await labEnvironment());
    const name = 'vm-empty';
    const { id } = await scopes.east.blockStorage.createVolume({ name, sizeGib: 1 });
    volumes.set(name, { kind: 'volume', id, name });
    while ((await scopes.east.blockStorage.getVolume(id))?.status !== 'available')
      await systemClock.sleep(500);
  });

  after(async () => {
    const at = session('clean');
    await mover.expire(copies, [], at);
    for (const { id } of volumes.values()) {
      const gone = copies.find((copy) => copy.resource.id === id);
      if (gone !== undefined) await mover.tidy({ ...gone, chain: [] }, at);
      await scopes.east.blockStorage.deleteVolume(id);
    }
    await removeAll(scopes.west, 'vm-test-bank', ambient);
    await scopes.close();
    await rm(spoolDir, { recursive: true });
  });

  it('mends what Cinder leaves behind when its scheduler knows no cinder-backup, and goes on', async () => {
    const east = lab.region('east');
    const cinder = scopes.east.blockStorage;
    const context = session('l1');
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

  it('refuses a backup without a snapshot where the driver gives other bytes', async () => {
    const cinder = scopes.east.blockStorage;
    const volume = volumes.get('vm-empty')!;
    const removeSnapshot = async (id: string): Promise<void> => {
      await cinder.deleteSnapshot(id);
      while ((await cinder.getSnapshot(id)) !== null) await systemClock.sleep(500);
    };
    // NFS, with a snapshot of somebody else's: Cinder backs the overlay file up.
    const other = await cinder.createSnapshot({ volumeId: volume.id, name: 'vm-other' });
    while ((await cinder.getSnapshot(other.id))?.status !== 'available')
      await systemClock.sleep(500);
    const context = session('n2');
    const capture = await mover.capture(volume, context);
    await removeSnapshot(capture.snapshotId!);
    const error = await mover.ship({ ...capture, snapshotId: null }, null, context).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).to.have.property('code', 'volume.backup-incomplete');
    await mover.tidy({ ...copies.at(-1)!, chain: [] }, context);
    await removeSnapshot(other.id);
  });
});
