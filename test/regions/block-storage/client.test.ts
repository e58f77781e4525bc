import { expect } from 'chai';
import { createBlockStorage } from '../../../regions/block-storage/client.ts';
import type { BlockStorage } from '../../../regions/block-storage/types.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { ScriptedService, type Exchange } from '../../support/scripted-service.ts';
import { backupJson, quotaJson, recordFields, snapshotJson, volumeJson } from './fixtures.ts';

const volumePath = `/volumes/${volumeJson.id}`;
const backupPath = `/backups/${backupJson.id}`;
const service = 'cinder.backup.drivers.swift.SwiftBackupDriver';

/** base64 of the JSON with non-ASCII escaped, as Python's `json.dumps` writes it. */
const exportedUrl = Buffer.from(
  JSON.stringify(recordFields).replaceAll('ü', '\\u00fc').replaceAll('ß', '\\u00df'),
).toString('base64');
const importedUrl = Buffer.from(JSON.stringify(recordFields)).toString('base64');

async function scripted<T>(
  script: readonly Exchange[],
  work: (cinder: BlockStorage) => Promise<T>,
): Promise<T> {
  const fake = new ScriptedService('block-storage', script);
  const result = await work(createBlockStorage(fake));
  fake.done();
  return result;
}

describe('block storage: reading', () => {
  it('reads a volume, leaving out the metadata that Cinder itself shows', async () => {
    const script = [{ call: `GET ${volumePath}`, status: 200, body: { volume: volumeJson } }];
    expect(await scripted(script, (cinder) => cinder.getVolume(volumeJson.id))).to.deep.equal({
      id: 'a0ffdb8d-01af-48e7-a969-424783819b5f',
      name: 'disk-1',
      description: '',
      status: 'available',
      sizeGib: 1,
      volumeType: 'nfs',
      availabilityZone: 'nova',
      bootable: true,
      encrypted: false,
      isAttached: false,
      readOnly: false,
      metadata: { role: 'db' },
      imageMetadata: { os_distro: 'debian' },
      createdAt: '2026-11-21T09:08:23.000000Z',
    });
  });

  it('gives null and false for what does not exist', async () => {
    const script = [
      { call: 'GET /backups/none', status: 404 },
      { call: 'DELETE /snapshots/none', status: 404 },
      { call: 'DELETE /volumes/some', status: 202 },
    ];
    await scripted(script, async (cinder) => {
      expect(await cinder.getBackup('none')).to.equal(null);
      expect(await cinder.deleteSnapshot('none')).to.equal(false);
      expect(await cinder.deleteVolume('some')).to.equal(true);
    });
  });

  it('reads a record that is still being imported', async () => {
    const importing = { ...backupJson, status: 'creating', data_timestamp: null, container: null };
    const script = [{ call: `GET ${backupPath}`, status: 200, body: { backup: importing } }];
    const backup = await scripted(script, (cinder) => cinder.getBackup(backupJson.id));
    expect(backup).to.include({ container: '', dataTimestamp: '2026-11-21T09:08:25.000000Z' });
  });

  it('follows the next links to the end by their marker, whatever host they name', async () => {
    const rows = ['b1', 'b2', 'b3'].map((id) => ({ ...backupJson, id }));
    const next = {
      rel: 'next',
      href: 'http://inside:8776/v3/p1/backups/detail?limit=2&marker=b2',
    };
    const script = [
      {
        call: 'GET /backups/detail?volume_id=v&limit=500',
        status: 200,
        body: { backups: rows.slice(0, 2), backups_links: [next] },
      },
      {
        call: 'GET /backups/detail?volume_id=v&limit=500&marker=b2',
        status: 200,
        body: { backups: rows.slice(2) },
      },
    ];
    const backups = await scripted(script, (cinder) =>
      collect(cinder.listBackups({ volumeId: 'v' })),
    );
    // The filter is applied again here: none of these is of volume `v`.
    expect(backups).to.have.length(0);
    const all = [{ ...script[0]!, call: 'GET /backups/detail?limit=500' }, script[1]!];
    const second = { ...all[1]!, call: 'GET /backups/detail?limit=500&marker=b2' };
    const found = await scripted([all[0]!, second], (cinder) => collect(cinder.listBackups()));
    expect(found.map((backup) => backup.id)).to.deep.equal(['b1', 'b2', 'b3']);
  });

  it('reads volume types, which have no links, until a page is empty', async () => {
    const script = [
      {
        call: 'GET /types?limit=500',
        status: 200,
        body: { volume_types: [{ id: 't1', name: 'nfs', is_public: true, extra_specs: {} }] },
      },
      { call: 'GET /types?limit=500&marker=t1', status: 200, body: { volume_types: [] } },
    ];
    const types = await scripted(script, (cinder) => collect(cinder.listVolumeTypes()));
    expect(types).to.deep.equal([{ id: 't1', name: 'nfs' }]);
  });

  it('tells whether a cinder-backup is up, or that the user may not ask', async () => {
    const call = 'GET /os-services?binary=cinder-backup';
    const isUp = (status: number, services: readonly object[]) =>
      scripted([{ call, status, body: { services } }], (cinder) => cinder.isBackupServiceUp());
    const up = { binary: 'cinder-backup', host: 'east', state: 'up', status: 'enabled' };
    expect(await isUp(200, [{ ...up, state: 'down' }, up])).to.equal(true);
    expect(await isUp(200, [{ ...up, status: 'disabled' }])).to.equal(false);
    expect(await isUp(200, [])).to.equal(false);
    expect(await isUp(403, [])).to.equal(null);
  });

  it('names service, call and field of an answer that is not what it should be', async () => {
    const wrong = { ...volumeJson, size: undefined };
    const script = [{ call: `GET ${volumePath}`, status: 200, body: { volume: wrong } }];
    const error = await scripted(script, (cinder) => rejection(cinder.getVolume(volumeJson.id)));
    expect(error.code).to.equal('region.answer-malformed');
    expect(error.operation).to.equal('read volume');
    expect(error.message).to.contain('`volume.size` is missing');
  });
});

describe('block storage: making and changing', () => {
  it('creates a volume with what was given and nothing else', async () => {
    const script = [
      {
        call: 'POST /volumes',
        json: { volume: { name: 'disk-1', size: 1, volume_type: 'nfs' } },
        status: 202,
        body: { volume: volumeJson },
      },
    ];
    const wish = { name: 'disk-1', sizeGib: 1, volumeType: 'nfs' };
    const volume = await scripted(script, (cinder) => cinder.createVolume(wish));
    expect(volume.id).to.equal(volumeJson.id);
  });

  it('snapshots an attached volume too', async () => {
    const script = [
      {
        call: 'POST /snapshots',
        json: { snapshot: { volume_id: 'v1', name: 'snap-1', force: true } },
        status: 202,
        body: { snapshot: snapshotJson },
      },
    ];
    const wish = { volumeId: 'v1', name: 'snap-1' };
    expect(await scripted(script, (cinder) => cinder.createSnapshot(wish))).to.include({
      status: 'creating',
    });
  });

  it('asks for the whole backup after creating it', async () => {
    const wish = { volumeId: 'v1', snapshotId: 's1', name: 'b', incremental: true, force: true };
    const backup = {
      volume_id: 'v1',
      snapshot_id: 's1',
      name: 'b',
      incremental: true,
      force: true,
    };
    const script = [
      {
        call: 'POST /backups',
        json: { backup },
        status: 202,
        body: { backup: { id: backupJson.id, name: 'b', links: [] } },
      },
      { call: `GET ${backupPath}`, status: 200, body: { backup: backupJson } },
    ];
    const made = await scripted(script, (cinder) => cinder.createBackup(wish));
    expect(made.objectCount).to.equal(21);
  });

  it('restores into a named volume only', async () => {
    const call = `POST ${backupPath}/restore`;
    const script = [{ call, json: { restore: { volume_id: 'v1' } }, status: 202, body: {} }];
    await scripted(script, (cinder) => cinder.restoreBackup(backupJson.id, 'v1'));
  });

  it('resets the status of a volume and of a snapshot', async () => {
    const script = [
      {
        call: 'POST /volumes/v1/action',
        json: { 'os-reset_status': { status: 'in-use' } },
        status: 202,
      },
      {
        call: 'POST /snapshots/s1/action',
        json: { 'os-reset_status': { status: 'available' } },
        status: 202,
      },
    ];
    await scripted(script, async (cinder) => {
      await cinder.resetVolumeStatus('v1', 'in-use');
      await cinder.resetSnapshotStatus('s1', 'available');
    });
  });

  it('deletes a backup by force, gives false for none, and names the right that is missing', async () => {
    const force = (status: number) => [
      { call: `POST ${backupPath}/action`, json: { 'os-force_delete': {} }, status },
    ];
    const { id } = backupJson;
    const gone = (cinder: BlockStorage) => cinder.forceDeleteBackup(id);
    expect(await scripted(force(202), gone)).to.equal(true);
    expect(await scripted(force(404), gone)).to.equal(false);
    const error = await scripted(force(403), (cinder) => rejection(gone(cinder)));
    expect(error.code).to.equal('region.right-missing');
    expect(error.hint).to.include('backup_admin_actions:force_delete');
  });

  it('sets image metadata and removes what is not given', async () => {
    const call = `POST ${volumePath}/action`;
    const script = [
      { call: `GET ${volumePath}`, status: 200, body: { volume: volumeJson } },
      { call, json: { 'os-set_image_metadata': { metadata: { hw: '1' } } }, status: 200, body: {} },
      { call, json: { 'os-unset_image_metadata': { key: 'os_distro' } }, status: 200 },
    ];
    await scripted(script, (cinder) => cinder.setImageMetadata(volumeJson.id, { hw: '1' }));
  });

  it('says which quota is full', async () => {
    const script = [
      { call: 'POST /backups', status: 413 },
      { call: 'GET /os-quota-sets/p1?usage=true', status: 200, body: quotaJson('backups', 10, 10) },
    ];
    const wish = { volumeId: 'v1', name: 'b', incremental: false, force: true };
    const error = await scripted(script, (cinder) => rejection(cinder.createBackup(wish)));
    expect(error.code).to.equal('block-storage.quota-exceeded');
    expect(error.message).to.equal('the quota is used up: backups 10 of 10 used, 1 more wanted');
    expect(error.hint).to.contain('project p1 in region east');
  });

  it('still says that a quota is full when it cannot ask which', async () => {
    const script = [
      { call: 'POST /volumes', status: 413 },
      { call: 'GET /os-quota-sets/p1?usage=true', status: 403 },
    ];
    const wish = { name: 'disk', sizeGib: 9 };
    const error = await scripted(script, (cinder) => rejection(cinder.createVolume(wish)));
    expect(error.code).to.equal('block-storage.quota-exceeded');
    expect(error.message).to.contain('could not be asked');
  });
});

describe('block storage: records', () => {
  const record = { backupService: service, fields: recordFields };
  const importCall = {
    call: 'POST /backups/import_record',
    json: { 'backup-record': { backup_service: service, backup_url: importedUrl } },
  };

  it('exports all fields', async () => {
    const script = [
      {
        call: `GET ${backupPath}/export_record`,
        status: 200,
        body: { 'backup-record': { backup_service: service, backup_url: exportedUrl } },
      },
    ];
    const exported = await scripted(script, (cinder) => cinder.exportRecord(backupJson.id));
    expect(exported).to.deep.equal(record);
  });

  it('says so when the exported record is no JSON', async () => {
    const body = { 'backup-record': { backup_service: service, backup_url: 'bm90IGpzb24=' } };
    const script = [{ call: `GET ${backupPath}/export_record`, status: 200, body }];
    const error = await scripted(script, (cinder) => rejection(cinder.exportRecord(backupJson.id)));
    expect(error.code).to.equal('block-storage.record-malformed');
  });

  it('imports in the standard alphabet of base64, with its padding', async () => {
    const body = { backup: { id: backupJson.id, name: 'süß "x"', links: [] } };
    const id = await scripted([{ ...importCall, status: 201, body }], (cinder) =>
      cinder.importRecord(record),
    );
    expect(id).to.equal(backupJson.id);
  });

  it('asks for the right to import with an empty record, which is refused either way', async () => {
    const call = {
      call: 'POST /backups/import_record',
      json: { 'backup-record': { backup_service: 'none', backup_url: 'e30=' } },
    };
    const may = (status: number) =>
      scripted([{ ...call, status }], (cinder) => cinder.mayImportRecords());
    expect([await may(400), await may(403)]).to.deep.equal([true, false]);
  });

  it('tells an id in use by asking for it, since Cinder answers 400 for all', async () => {
    const script = [
      { ...importCall, status: 400 },
      { call: `GET ${backupPath}`, status: 200, body: { backup: backupJson } },
    ];
    const error = await scripted(script, (cinder) => rejection(cinder.importRecord(record)));
    expect(error.code).to.equal('block-storage.record-exists');
    const other = [script[0]!, { call: `GET ${backupPath}`, status: 404 }];
    const refused = await scripted(other, (cinder) => rejection(cinder.importRecord(record)));
    expect(refused.code).to.equal('region.refused');
  });

  it('names the right that is missing', async () => {
    const script = [{ ...importCall, status: 403 }];
    const error = await scripted(script, (cinder) => rejection(cinder.importRecord(record)));
    expect(error.code).to.equal('region.right-missing');
    expect(error.message).to.contain('backup:backup-import');
  });
});
