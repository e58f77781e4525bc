import { createHash, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { systemClock } from '../../../../kernel/clock.ts';
import { type Fields, project, Rig } from './rig.ts';

const mib = 1 << 20;
/** Few chunks a volume: a gibibyte is the least that Cinder makes. */
const settings = { chunkBytes: 32 * mib };

interface Metadata {
  readonly objects: readonly Readonly<Record<string, Fields>>[];
  readonly parent_id: string | null;
  readonly volume_meta: string;
  readonly created_at: string;
}

describe('embedded Cinder: backups', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.open(settings);
  });

  afterEach(async () => {
    expect(rig.errors).to.deep.equal([]);
    await rig.close();
  });

  const names = async (prefix = ''): Promise<string[]> => {
    const { bytes } = await rig.swiftAsk('GET', `/volumebackups?prefix=${prefix}`);
    return bytes.toString().split('\n').filter(Boolean);
  };
  const object = async (name: string): Promise<Buffer> =>
    (await rig.swiftAsk('GET', `/volumebackups/${name}`)).bytes;
  const metadataOf = async (backup: Fields): Promise<[string, Metadata]> => {
    const name = (await names()).find((each) => each.endsWith(`${String(backup['id'])}_metadata`));
    return [name ?? '', JSON.parse((await object(name ?? '')).toString()) as Metadata];
  };
  const recordOf = async (backup: Fields): Promise<Record<string, unknown>> => {
    const path = `/backups/${String(backup['id'])}/export_record`;
    const { body } = await rig.ask('GET', path, undefined, { token: 'admin' });
    const url = String(body['backup-record']?.['backup_url']);
    return JSON.parse(Buffer.from(url, 'base64').toString()) as Record<string, unknown>;
  };
  const importOf = (record: object, service = 'cinder.backup.drivers.swift') => {
    const backup_url = Buffer.from(JSON.stringify(record)).toString('base64');
    const wish = { 'backup-record': { backup_service: service, backup_url } };
    return rig.ask('POST', '/backups/import_record', wish, { token: 'admin' });
  };

  it('writes what the Swift driver writes', async () => {
    const metadata = { a: 'ü' };
    const volume = await rig.made('volumes', 'volume', { name: 'v', size: 1, metadata });
    const random = randomBytes(32 * mib);
    await rig.write(volume, 32 * mib, random);
    await rig.write(volume, 10, Buffer.from('hello'));
    const wish = { volume_id: volume['id'], name: 'é', description: 's "x"' };
    const backup = await rig.made('backups', 'backup', wish);
    expect(backup).to.include({
      status: 'available',
      object_count: 32,
      container: 'volumebackups',
      availability_zone: null,
      is_incremental: false,
    });
    const [name, meta] = await metadataOf(backup);
    const prefix = name.replace(/_metadata$/, '');
    const pattern = `^volume_${String(volume['id'])}/\\d{14}/az_nova_backup_${String(backup['id'])}$`;
    expect(prefix).to.match(new RegExp(pattern));
    expect(await names()).to.have.length(34);
    expect(meta.objects[0]).to.deep.equal({
      [`${prefix}-00001`]: {
        compression: 'zlib',
        length: 32 * mib,
        md5: createHash('md5')
          .update(
            Buffer.concat([Buffer.alloc(10), Buffer.from('hello'), Buffer.alloc(32 * mib - 15)]),
          )
          .digest('hex'),
        offset: 0,
      },
    });
    expect(meta.objects[1]?.[`${prefix}-00002`]).to.include({ compression: 'none' });
    expect(await object(`${prefix}-00002`)).to.deep.equal(random);
    expect(
      inflateSync(await object(`${prefix}-00001`))
        .subarray(10, 15)
        .toString(),
    ).to.equal('hello');
    const text = (await object(name)).toString();
    expect(text).to.contain('{\n  "backup_description": "s \\"x\\"",\n  "backup_id": ');
    expect(text).to.contain('"backup_name": "\\u00e9"');
    expect(meta.created_at).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/);
    expect(meta.volume_meta).to.match(
      /^\{"version": 2, "volume-base-metadata": \{"created_at": .*\}, "volume-metadata": \{"a": "\\u00fc"\}\}$/,
    );
    const hashes = JSON.parse((await object(`${prefix}_sha256file`)).toString()) as {
      chunk_size: number;
      sha256s: string[];
    };
    expect(hashes.chunk_size).to.equal(32768);
    expect(hashes.sha256s).to.have.length(32768);
    const block = random.subarray(0, 32768);
    expect(hashes.sha256s[1024]).to.equal(createHash('sha256').update(block).digest('hex'));
  });

  it('restores a chain, into a volume and without one', async () => {
    const volume = await rig.made('volumes', 'volume', { name: 'v', size: 1 });
    const [first, second] = [randomBytes(mib), randomBytes(70_000)];
    await rig.write(volume, 0, first);
    const full = await rig.made('backups', 'backup', { volume_id: volume['id'], name: 'full' });
    await rig.write(volume, 500, second);
    await rig.write(volume, mib - 40_000, Buffer.alloc(40_000));
    const snapshot = await rig.made('snapshots', 'snapshot', { volume_id: volume['id'] });
    const wish = { volume_id: volume['id'], snapshot_id: snapshot['id'], incremental: true };
    const child = await rig.made('backups', 'backup', wish);
    expect(child).to.include({ is_incremental: true, object_count: 2, status: 'available' });
    expect(child['data_timestamp']).to.equal(snapshot['created_at']);
    const parentPath = `/backups/${String(full['id'])}`;
    expect(await rig.settled(parentPath)).to.include({ has_dependent_backups: true });
    const refused = await rig.ask('DELETE', parentPath);
    expect(refused.body['badRequest']?.['message']).to.equal(
      'Invalid backup: Incremental backups exist for this backup.',
    );
    const expected = Buffer.from(first);
    second.copy(expected, 500);
    expected.fill(0, mib - 40_000);

    const target = await rig.made('volumes', 'volume', { name: 't', size: 2 });
    await rig.write(target, 3 * mib, randomBytes(mib));
    const childPath = `/backups/${String(child['id'])}`;
    const into = { restore: { volume_id: target['id'] } };
    expect((await rig.ask('POST', `${childPath}/restore`, into)).status).to.equal(202);
    const restored = (await rig.settled(`/volumes/${String(target['id'])}`)) ?? {};
    expect(restored).to.deep.include({ status: 'available', name: 't' });
    expect(restored['metadata']).to.deep.equal({ src_backup_id: child['id'] });
    expect(await rig.read(target, 0, mib)).to.deep.equal(expected);
    expect(await rig.read(target, 3 * mib, mib)).to.deep.equal(Buffer.alloc(mib));
    expect(await rig.blocksOf(target)).to.be.below(8192);

    const made = await rig.ask('POST', `${childPath}/restore`, { restore: {} });
    expect(made.body['restore']?.['volume_name']).to.equal(`restore_backup_${String(child['id'])}`);
    const id = String(made.body['restore']?.['volume_id']);
    expect(await rig.settled(`/volumes/${id}`)).to.include({ status: 'available', name: 'v' });
    expect(await rig.read({ id }, 0, mib)).to.deep.equal(expected);

    await rig.ask('DELETE', childPath);
    expect(await rig.settled(childPath)).to.equal(undefined);
    expect(await rig.settled(parentPath)).to.include({ has_dependent_backups: false });
    await rig.ask('DELETE', parentPath);
    expect(await rig.settled(parentPath)).to.equal(undefined);
    expect(await names()).to.deep.equal([]);
  });

  it('carries records from and to another region, believing them', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const backup = await rig.made('backups', 'backup', { volume_id: volume['id'], name: 'b' });
    const path = `/backups/${String(backup['id'])}`;
    expect((await rig.ask('GET', `${path}/export_record`)).body['forbidden']?.['message']).to.equal(
      "Policy doesn't allow backup:export-import to be performed.",
    );
    const record = await recordOf(backup);
    expect(Object.keys(record).slice(0, 4)).to.deep.equal([
      'driver_info',
      'id',
      'user_id',
      'project_id',
    ]);
    expect((await importOf(record)).body['badRequest']?.['message']).to.equal(
      'Invalid backup: Backup already exists in database.',
    );
    expect((await importOf({})).body['badRequest']?.['message']).to.equal(
      'Invalid input received: Provided backup record is missing an id',
    );
    await rig.ask('DELETE', path);
    expect(await rig.settled(path)).to.equal(undefined);
    expect((await importOf(record)).status).to.equal(201);
    const revived = await rig.settled(path);
    expect(revived).to.include({ status: 'available', availability_zone: 'nova', name: 'b' });
    const target = `/volumes/${String(volume['id'])}`;
    await rig.ask('POST', `${path}/restore`, { restore: { volume_id: volume['id'] } });
    expect(await rig.settled(target)).to.include({ status: 'error_restoring' });
    expect(await rig.settled(path)).to.include({ status: 'available' });
    const id = `${String(record['id']).slice(0, -4)}0000`;
    await importOf({ ...record, id }, 'cinder.backup.drivers.none.None');
    expect((await rig.settled(`/backups/${id}`))?.['fail_reason']).to.contain('None');
    await rig.ask(
      'PUT',
      `/os-quota-sets/${project}`,
      { quota_set: { backups: 2 } },
      { token: 'admin' },
    );
    const full = await importOf({ ...record, id: `${String(record['id']).slice(0, -4)}0001` });
    expect(full.body['overLimit']?.['message']).to.equal(
      'BackupLimitExceeded: Maximum number of backups allowed (2) exceeded',
    );
  });

  it('does not restore when one object is too many; of a file nothing is left, of a device all', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    await rig.write(volume, 70_000, Buffer.from('kept'));
    const backup = await rig.made('backups', 'backup', { volume_id: volume['id'] });
    const [name] = await metadataOf(backup);
    await rig.swiftAsk('PUT', `/volumebackups/${name.replace('_metadata', '-99999')}`, 'x');
    const restore = { restore: { volume_id: volume['id'] } };
    const path = `/volumes/${String(volume['id'])}`;
    const refused = async (): Promise<number> => {
      await rig.ask('POST', `/backups/${String(backup['id'])}/restore`, restore);
      expect(await rig.settled(path)).to.include({ status: 'error_restoring' });
      return (await stat(rig.cinder.volumePath(String(volume['id'])) ?? '')).size;
    };
    rig.faults.set({ volumeStorage: 'block' });
    expect(await refused()).to.equal(1024 ** 3);
    expect((await rig.read(volume, 70_000, 4)).toString()).to.equal('kept');
    const status = { 'os-reset_status': { status: 'available' } };
    await rig.ask('POST', `${path}/action`, status, { token: 'admin' });
    rig.faults.set({ volumeStorage: 'file' });
    expect(await refused()).to.equal(0);
  });

  it('hangs over a file’s volume that has another snapshot, until it is deleted by force', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    await rig.made('snapshots', 'snapshot', { volume_id: volume['id'] });
    const snapshot = await rig.made('snapshots', 'snapshot', { volume_id: volume['id'] });
    const wish = { volume_id: volume['id'], snapshot_id: snapshot['id'] };
    const { body } = await rig.ask('POST', '/backups', { backup: wish });
    const path = `/backups/${String(body['backup']?.['id'])}`;
    await systemClock.sleep(100);
    expect((await rig.ask('GET', path)).body['backup']).to.include({ status: 'creating' });
    const force = { 'os-force_delete': {} };
    expect((await rig.ask('POST', `${path}/action`, force)).status).to.equal(403);
    await rig.ask('POST', `${path}/action`, force, { token: 'admin' });
    expect(await rig.settled(path)).to.equal(undefined);
    const left = await rig.ask('GET', `/snapshots/${String(snapshot['id'])}`);
    expect(left.body['snapshot']).to.include({ status: 'backing-up' });
    rig.faults.set({ volumeStorage: 'block' });
    const direct = await rig.made('backups', 'backup', { volume_id: volume['id'] });
    expect(direct).to.include({ status: 'available' });
  });

  it('waits with cinder-backup, which says that it is down or does not', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const states = async () => {
      const { body } = await rig.ask('GET', '/os-services', undefined, { token: 'admin' });
      return body['services']?.map(({ binary, state }) => `${String(binary)} ${String(state)}`);
    };
    rig.faults.set({ backupService: 'down' });
    const { body } = await rig.ask('POST', '/backups', { backup: { volume_id: volume['id'] } });
    const path = `/backups/${String(body['backup']?.['id'])}`;
    expect(await states()).to.include('cinder-backup down');
    rig.faults.set({ backupService: 'stalled' });
    expect(await states()).to.include('cinder-backup up');
    await systemClock.sleep(100);
    expect((await rig.ask('GET', path)).body['backup']).to.include({ status: 'creating' });
    rig.faults.heal();
    expect(await rig.settled(path)).to.include({ status: 'available' });
  });

  it('ends in error when its token does before it', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const { body } = await rig.ask('POST', '/backups', { backup: { volume_id: volume['id'] } });
    rig.tokens.expired.add('demo');
    const backup = await rig.settled(`/backups/${String(body['backup']?.['id'])}`);
    expect(backup).to.include({ status: 'error' });
    expect(backup?.['fail_reason']).to.contain('401');
    expect(await rig.settled(`/volumes/${String(volume['id'])}`)).to.include({
      status: 'available',
    });
  });

  it('settles at its next start what was under way', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    await rig.write(volume, 0, Buffer.from('kept'));
    const done = await rig.made('backups', 'backup', { volume_id: volume['id'] });
    const target = await rig.made('volumes', 'volume', { size: 1 });
    const restore = { restore: { volume_id: target['id'] } };
    await rig.ask('POST', `/backups/${String(done['id'])}/restore`, restore);
    const { body } = await rig.ask('POST', '/backups', { backup: { volume_id: volume['id'] } });
    await rig.stop();
    await rig.start();
    const backup = await rig.settled(`/backups/${String(body['backup']?.['id'])}`);
    expect(backup).to.include({
      status: 'error',
      fail_reason: 'incomplete backup reset on manager restart',
    });
    expect(await rig.settled(`/backups/${String(done['id'])}`)).to.include({ status: 'available' });
    expect(await rig.settled(`/volumes/${String(target['id'])}`)).to.include({
      status: 'error_restoring',
    });
    expect(await rig.settled(`/volumes/${String(volume['id'])}`)).to.include({
      status: 'available',
    });
    expect((await rig.read(volume, 0, 4)).toString()).to.equal('kept');
  });
});
