import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { project, Rig } from './rig.ts';

const mib = 1 << 20;
const uuid = 'e999a8b7-e5c8-41f1-a7dc-0242ac1e000b';

describe('embedded Cinder: volumes and snapshots', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.open();
  });

  afterEach(async () => {
    expect(rig.errors).to.deep.equal([]);
    await rig.close();
  });

  it('shows its versions to anybody, and the rest to no one without a token', async () => {
    const { status, body } = await rig.ask('GET', '', undefined, { token: 'none' });
    expect(status).to.equal(401);
    expect(body['error']?.['code']).to.equal(401);
    const plain = await rig.ask('GET', '/volumes', undefined, { minor: 70 });
    expect(plain.headers).to.include({
      'openstack-api-version': 'volume 3.70',
      vary: 'OpenStack-API-Version',
    });
    const over = await rig.ask('GET', '/volumes', undefined, { minor: 71 });
    expect(over.status).to.equal(406);
    expect(over.body['computeFault']?.['message']).to.equal(
      'Version 3.71 is not supported by the API. Minimum is 3.0 and maximum is 3.70.',
    );
  });

  it('makes a volume, shows, changes and deletes it', async () => {
    const made = await rig.ask('POST', '/volumes', {
      volume: { name: ' v ', size: '1', metadata: { a: 'ü' } },
    });
    expect(made.status).to.equal(202);
    expect(made.body['volume']).to.include({ status: 'creating', size: 1, name: 'v' });
    const path = `/volumes/${String(made.body['volume']?.['id'])}`;
    const volume = (await rig.settled(path)) ?? {};
    expect(volume).to.deep.include({ status: 'available', volume_type: 'nfs', bootable: 'false' });
    expect(volume['created_at']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$/);
    const act = (body: object) => rig.ask('POST', `${path}/action`, body);
    expect((await act({ 'os-set_bootable': { bootable: true } })).status).to.equal(200);
    const image = { 'os-set_image_metadata': { metadata: { os_distro: 'debian' } } };
    expect((await act(image)).body).to.deep.equal({ metadata: { os_distro: 'debian' } });
    expect((await act({ 'os-update_readonly_flag': { readonly: true } })).status).to.equal(202);
    const shown = (await rig.settled(path)) ?? {};
    expect(shown).to.deep.include({
      bootable: 'true',
      metadata: { a: 'ü', readonly: 'True' },
      volume_image_metadata: { os_distro: 'debian' },
      'os-vol-tenant-attr:tenant_id': project,
    });
    const changed = await rig.ask('PUT', path, { volume: { name: 'n', metadata: { b: '1' } } });
    expect(changed.body['volume']).to.deep.include({
      name: 'n',
      metadata: { b: '1', readonly: 'True' },
    });
    expect((await rig.ask('DELETE', path)).status).to.equal(202);
    expect(await rig.settled(path)).to.equal(undefined);
    expect((await rig.ask('GET', path)).body['itemNotFound']?.['code']).to.equal(404);
  });

  it('refuses bad input in its own words', async () => {
    const create = async (volume: unknown) => {
      const { status, body } = await rig.ask('POST', '/volumes', { volume });
      return [status, Object.values(body)[0]?.['message']];
    };
    expect(await create({ size: 'a' })).to.deep.equal([
      400,
      "Invalid input for field/attribute size. Value: a. 'a' does not match '^[0-9]+$'",
    ]);
    expect(await create({ size: 0 })).to.deep.equal([
      400,
      'Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1',
    ]);
    expect(await create({ size: 1, volume_type: 'zz' })).to.deep.equal([
      404,
      'Volume type with name zz could not be found.',
    ]);
    expect(await create({ size: 1, snapshot_id: uuid })).to.deep.equal([
      404,
      `Snapshot ${uuid} could not be found.`,
    ]);
    expect(await create({ size: 5000 })).to.deep.equal([
      413,
      'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 5000G, quota is 1000G and 0G has been consumed.',
    ]);
    expect(await create(null)).to.deep.equal([
      400,
      "Invalid input for field/attribute volume. Value: None. None is not of type 'object'",
    ]);
    const raw = (text: string) => rig.ask('POST', '/volumes', undefined, { raw: text });
    expect((await raw('x')).body['badRequest']?.['message']).to.equal('Malformed request body');
    expect((await raw('[]')).body['badRequest']?.['message']).to.equal(
      "[] is not of type 'object'",
    );
    expect((await raw('x'.repeat(200_000))).status).to.equal(413);
    expect((await rig.ask('GET', '/nope')).bytes.toString()).to.contain('404 Not Found');
    const foreign = await rig.ask('GET', '/../ffff/volumes');
    expect(foreign.status).to.equal(400);
  });

  it('lists by pages, filters and orders', async () => {
    for (const name of ['a', 'b', 'c']) await rig.made('volumes', 'volume', { name, size: 1 });
    const names = async (query: string, minor = 0) => {
      const { body } = await rig.ask('GET', `/volumes?${query}`, undefined, { minor });
      return body['volumes']?.map(({ name }) => name);
    };
    expect(await names('sort=name:asc')).to.deep.equal(['a', 'b', 'c']);
    expect(await names('name=b')).to.deep.equal(['b']);
    expect(await names('nonsense=b&sort=name:desc')).to.deep.equal(['c', 'b', 'a']);
    const page = await rig.ask('GET', '/volumes?limit=2&sort=name');
    const [link] = page.body['volumes_links'] ?? [];
    expect(link?.['rel']).to.equal('next');
    const { search } = new URL(String(link?.['href']));
    expect(await names(search.slice(1))).to.deep.equal(['a']);
    expect((await rig.ask('GET', '/volumes?limit=x')).status).to.equal(400);
    expect((await rig.ask('GET', '/volumes?marker=zz')).status).to.equal(404);
    expect((await rig.ask('GET', '/volumes?sort=zz')).status).to.equal(400);
    expect((await rig.ask('GET', '/volumes?zz=1', undefined, { minor: 31 })).status).to.equal(400);
    const { body } = await rig.ask('GET', '/volumes', undefined, { token: 'stranger' });
    expect(body['volumes']).to.deep.equal([]);
  });

  it('freezes bytes in a snapshot and makes volumes from it and from a volume', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const data = randomBytes(100_000);
    await rig.write(volume, 5 * mib + 17, data);
    const volumeId = String(volume['id']);
    const snapshot = await rig.made('snapshots', 'snapshot', { volume_id: volumeId, name: 's' });
    expect(snapshot).to.include({ status: 'available', size: 1 });
    await rig.write(volume, 5 * mib, Buffer.alloc(mib));
    const refused = await rig.ask('DELETE', `/volumes/${volumeId}`);
    expect(refused.body['badRequest']?.['message']).to.contain('have snapshots');
    const copy = await rig.made('volumes', 'volume', { snapshot_id: snapshot['id'], size: 2 });
    expect(await rig.read(copy, 5 * mib + 17, data.length)).to.deep.equal(data);
    expect(await rig.blocksOf(copy)).to.be.below(4096);
    const clone = await rig.made('volumes', 'volume', { source_volid: copy['id'] });
    expect(clone).to.include({ size: 2, source_volid: copy['id'] });
    expect(await rig.read(clone, 5 * mib + 17, data.length)).to.deep.equal(data);
    await rig.ask('POST', `/volumes/${volumeId}/action`, { 'os-extend': { new_size: 3 } });
    expect(await rig.settled(`/volumes/${volumeId}`)).to.include({ size: 3, status: 'available' });
    await rig.ask('DELETE', `/volumes/${volumeId}?cascade=True`);
    expect(await rig.settled(`/volumes/${volumeId}`)).to.equal(undefined);
    expect(await rig.settled(`/snapshots/${String(snapshot['id'])}`)).to.equal(undefined);
  });

  it('counts quotas, and an administrator changes them', async () => {
    const set = `/os-quota-sets/${project}`;
    expect((await rig.ask('PUT', set, { quota_set: { volumes: 1 } })).status).to.equal(403);
    const put = (quota_set: object) => rig.ask('PUT', set, { quota_set }, { token: 'admin' });
    const { body } = await put({ volumes: 1, snapshots: '1' });
    expect(body['quota_set']).to.include({ volumes: 1, snapshots: 1, gigabytes: 1000 });
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const more = await rig.ask('POST', '/volumes', { volume: { size: 1 } });
    expect(more.status).to.equal(413);
    expect(more.headers['retry-after']).to.equal('0');
    expect(more.body['overLimit']).to.deep.equal({
      code: 413,
      message:
        "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'.",
      retryAfter: '0',
    });
    await rig.made('snapshots', 'snapshot', { volume_id: volume['id'] });
    const usage = (await rig.ask('GET', `${set}?usage=True`)).body['quota_set'];
    expect(usage?.['gigabytes']).to.deep.equal({ limit: 1000, in_use: 2, reserved: 0 });
    expect((await put({ volumes: 0 })).status).to.equal(400);
    expect((await put({ nonsense: 1 })).status).to.equal(400);
    const limits = (await rig.ask('GET', '/limits')).body['limits'];
    expect(limits?.['absolute']).to.include({ totalVolumesUsed: 1, totalSnapshotsUsed: 1 });
  });

  it('follows the status of attachments', async () => {
    const { id } = await rig.made('volumes', 'volume', { size: 1 });
    const path = `/volumes/${String(id)}`;
    const act = async (body: object, token = 'demo') =>
      (await rig.ask('POST', `${path}/action`, body, { token })).status;
    const reset = { 'os-reset_status': { status: 'in-use' } };
    expect(await act(reset, 'demo')).to.equal(403);
    expect(await act(reset, 'admin')).to.equal(400);
    expect(await act({ 'os-reserve': null })).to.equal(202);
    const attach = { instance_uuid: uuid, mountpoint: '/dev/vdb' };
    expect(await act({ 'os-attach': attach })).to.equal(202);
    const attached = await rig.settled(path);
    expect(attached).to.include({ status: 'in-use' });
    expect(attached?.['attachments']).to.have.length(1);
    expect((await rig.ask('DELETE', path)).status).to.equal(400);
    expect(await act({ 'os-detach': {} })).to.equal(202);
    expect(await rig.settled(path)).to.deep.include({ status: 'available', attachments: [] });
    const wish = { attachment: { volume_uuid: id, instance_uuid: uuid } };
    expect((await rig.ask('POST', '/attachments', wish)).status).to.equal(404);
    const made = await rig.ask('POST', '/attachments', wish, { minor: 54 });
    expect(made.body['attachment']).to.include({ status: 'reserved', volume_id: id });
    const attachment = `/attachments/${String(made.body['attachment']?.['id'])}`;
    const connector = { connector: { host: 'h', mountpoint: '/dev/vdc' } };
    await rig.ask('PUT', attachment, { attachment: connector }, { minor: 54 });
    const done = await rig.ask(
      'POST',
      `${attachment}/action`,
      { 'os-complete': {} },
      { minor: 54 },
    );
    expect(done.status).to.equal(204);
    expect(await rig.settled(path)).to.include({ status: 'in-use' });
    await rig.ask('DELETE', attachment, undefined, { minor: 54 });
    expect(await rig.settled(path)).to.include({ status: 'available' });
  });

  it('exchanges bytes with Glance', async () => {
    const volume = await rig.made('volumes', 'volume', { size: 1 });
    const data = randomBytes(3 * mib);
    await rig.write(volume, 0, data);
    const path = `/volumes/${String(volume['id'])}`;
    const upload = { image_name: 'i', disk_format: 'raw', container_format: 'bare' };
    const { status, body } = await rig.ask('POST', `${path}/action`, {
      'os-volume_upload_image': upload,
    });
    expect(status).to.equal(202);
    const imageRef = body['os-volume_upload_image']?.['image_id'];
    expect(await rig.settled(path)).to.include({ status: 'available' });
    const copy = await rig.made('volumes', 'volume', { imageRef, size: 1 });
    expect(copy).to.deep.include({ status: 'available', bootable: 'true' });
    expect(copy['volume_image_metadata']).to.include({ image_id: imageRef, image_name: 'i' });
    expect(await rig.read(copy, 0, data.length)).to.deep.equal(data);
    const missing = await rig.ask('POST', '/volumes', { volume: { size: 1, imageRef: uuid } });
    expect(missing.body['badRequest']?.['message']).to.equal(
      'Invalid image identifier or unable to access requested image.',
    );
  });
});
