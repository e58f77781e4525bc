import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { Backup, BackupRecord, Snapshot, Volume } from '../../regions/block-storage/types.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { waitForStatus, waitUntilGone } from '../../regions/wait.ts';
import { collect, rejection } from '../support/rejection.ts';
import type { Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';

const stillMs = 240_000;

export const blockStorageSuite: Suite = (environment) =>
  describe('block storage', function () {
    this.timeout(300_000);
    const name = `bs-client-${systemRandom.id()}`;
    let opened: Scopes;
    let east: ProjectScope;
    let west: ProjectScope;
    let volume: Volume;
    let snapshot: Snapshot;
    let backup: Backup;
    let record: BackupRecord;

    const waits = (operation: string, subject: string) => ({
      clock: environment().ambient.clock,
      operation,
      subject,
      stillMs,
      done: ['available'],
    });

    before(async () => {
      opened = await openScopes(environment());
      ({ east, west } = opened);
    });

    after(async () => {
      await opened.close();
    });

    it('makes, finds and changes a volume', async () => {
      const { blockStorage: cinder } = east;
      const { volumeType } = environment();
      expect(await cinder.isBackupServiceUp()).to.equal(true);
      const types = await collect(cinder.listVolumeTypes());
      expect(types.map((type) => type.name)).to.include(volumeType);
      const wish = { name, description: 'süß', sizeGib: 1, volumeType, metadata: { a: '1' } };
      const { id } = await cinder.createVolume(wish);
      volume = await waitForStatus({
        ...waits('create volume', id),
        get: (signal) => cinder.getVolume(id, signal),
      });
      await cinder.updateVolume(id, { description: 'other', metadata: { b: '2' } });
      await cinder.setBootable(id, true);
      await cinder.setImageMetadata(id, { os_distro: 'debian', gone: 'x' });
      await cinder.setImageMetadata(id, { os_distro: 'debian' });
      await cinder.setReadOnly(id, true);
      await cinder.setReadOnly(id, false);
      const [found, ...others] = await collect(cinder.listVolumes({ name }));
      expect(others).to.deep.equal([]);
      expect(found).to.deep.include({
        id,
        description: 'other',
        sizeGib: 1,
        bootable: true,
        metadata: { b: '2' },
        imageMetadata: { os_distro: 'debian' },
      });
    });

    it('snapshots it and backs the snapshot up', async () => {
      const { blockStorage: cinder } = east;
      const made = await cinder.createSnapshot({ volumeId: volume.id, name, metadata: { s: '1' } });
      snapshot = await waitForStatus({
        ...waits('create snapshot', made.id),
        get: (signal) => cinder.getSnapshot(made.id, signal),
      });
      expect(await collect(cinder.listSnapshots({ volumeId: volume.id }))).to.deep.equal([
        snapshot,
      ]);
      const wish = { volumeId: volume.id, snapshotId: snapshot.id, name, description: 'süß "x"' };
      const { id } = await cinder.createBackup({
        ...wish,
        incremental: false,
        force: true,
        container: name,
      });
      backup = await waitForStatus({
        ...waits('create backup', id),
        get: (signal) => cinder.getBackup(id, signal),
      });
      expect(backup).to.include({ container: name, isIncremental: false, snapshotId: snapshot.id });
      expect(Date.parse(backup.dataTimestamp)).to.equal(Date.parse(snapshot.createdAt));
      expect((await collect(cinder.listBackups({ name }))).map((each) => each.id)).to.deep.equal([
        id,
      ]);
    });

    it('carries its record to the other region, and names what is there already', async () => {
      record = await east.blockStorage.exportRecord(backup.id);
      expect(record.fields).to.include({
        id: backup.id,
        volume_id: volume.id,
        container: name,
        display_description: 'süß "x"',
        object_count: backup.objectCount,
      });
      expect(await west.blockStorage.importRecord(record)).to.equal(backup.id);
      const imported = await waitForStatus({
        ...waits('import record', backup.id),
        get: (signal) => west.blockStorage.getBackup(backup.id, signal),
      });
      const { hasDependents, ...same } = imported;
      expect(hasDependents).to.equal(false);
      expect(backup).to.deep.include(same);
      const error = await rejection(west.blockStorage.importRecord(record));
      expect(error.code).to.equal('block-storage.record-exists');
    });

    it('shows by its status an import that no backup service could take', async () => {
      const id = `${backup.id.slice(0, -4)}${backup.id.endsWith('0000') ? '0001' : '0000'}`;
      const fields = { ...record.fields, id };
      const cinder = west.blockStorage;
      await cinder.importRecord({ backupService: 'cinder.backup.drivers.none.None', fields });
      const error = await rejection(
        waitForStatus({
          ...waits('import record', id),
          get: (signal) => cinder.getBackup(id, signal),
        }),
      );
      expect(error.code).to.equal('region.work-failed');
      expect(error.message).to.contain('cinder.backup.drivers.none.None');
      await cinder.deleteBackup(id);
    });

    it('restores into the volume', async () => {
      const { blockStorage: cinder } = east;
      await cinder.restoreBackup(backup.id, volume.id);
      await waitForStatus({
        ...waits('restore backup', volume.id),
        get: (signal) => cinder.getVolume(volume.id, signal),
      });
      await waitForStatus({
        ...waits('restore backup', backup.id),
        get: (signal) => cinder.getBackup(backup.id, signal),
      });
    });

    it('names the quota that is full', async () => {
      const wish = { name: `${name}-big`, sizeGib: 500_000 };
      const error = await rejection(east.blockStorage.createVolume(wish));
      expect(error.code).to.equal('block-storage.quota-exceeded');
      expect(error.message).to.match(/gigabytes \d+ of \d+ used, 500000 more wanted/);
    });

    it('deletes all of it, and gives false the second time', async () => {
      const { blockStorage: cinder } = east;
      const gone = waits('delete', name);
      expect(await west.blockStorage.deleteBackup(backup.id)).to.equal(true);
      await waitUntilGone({
        ...gone,
        get: (signal) => west.blockStorage.getBackup(backup.id, signal),
      });
      expect(await cinder.deleteBackup(backup.id)).to.equal(true);
      await waitUntilGone({ ...gone, get: (signal) => cinder.getBackup(backup.id, signal) });
      expect(await cinder.deleteSnapshot(snapshot.id)).to.equal(true);
      await waitUntilGone({ ...gone, get: (signal) => cinder.getSnapshot(snapshot.id, signal) });
      expect(await cinder.deleteVolume(volume.id)).to.equal(true);
      await waitUntilGone({ ...gone, get: (signal) => cinder.getVolume(volume.id, signal) });
      expect(await cinder.deleteVolume(volume.id)).to.equal(false);
      await east.objectStore.deleteContainer(name);
    });
  });
