import { expect } from 'chai';
import { CoreRig } from './core-rig.ts';

describe('embedded Swift: versions', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open();
    await rig.ask('PUT', '/c', { headers: { 'x-versions-enabled': 'true' } });
  });

  afterEach(() => rig.close());

  async function put(body: string): Promise<string> {
    const { headers } = await rig.ask('PUT', '/c/a', { body });
    return headers['x-object-version-id'] ?? '';
  }

  async function versions(): Promise<readonly string[]> {
    const rows = await rig.json('/c?versions');
    return rows.map((row) => `${String(row.version_id)}${row.is_latest === true ? ' latest' : ''}`);
  }

  it('keeps each write, the newest first', async () => {
    const one = await put('one');
    const two = await put('two2');
    expect(await versions()).to.deep.equal([`${two} latest`, one]);
    const got = await rig.ask('GET', '/c/a');
    expect(got.text).to.equal('two2');
    expect(got.headers).to.include({
      'x-object-version-id': two,
      'content-location': `/v1/AUTH_shop/c/a?version-id=${two}`,
    });
    expect((await rig.ask('GET', `/c/a?version-id=${one}`)).text).to.equal('one');
    const head = await rig.ask('HEAD', '/c');
    expect(head.headers).to.include({
      'x-container-object-count': '1',
      'x-container-bytes-used': '7',
      'x-versions-enabled': 'True',
    });
    const [row] = await rig.json('/c?format=json');
    expect(row).to.include({ bytes: 4, version_symlink: true });
  });

  it('marks what is deleted, and brings a version back', async () => {
    const one = await put('one');
    const marker = await rig.ask('DELETE', '/c/a');
    expect(marker.status).to.equal(204);
    const id = marker.headers['x-object-version-id'] ?? '';
    expect(await versions()).to.deep.equal([`${id} latest`, one]);
    expect((await rig.ask('GET', '/c/a')).status).to.equal(404);
    expect((await rig.ask('GET', `/c/a?version-id=${id}`)).headers).to.include({
      'content-type': 'application/x-deleted;swift_versions_deleted=1',
    });
    const back = await rig.ask('PUT', `/c/a?version-id=${one}`);
    expect(back).to.deep.include({ status: 201 });
    expect((await rig.ask('GET', '/c/a')).text).to.equal('one');
    // The marker counts as one too, as long as it is the newest: so does Swift.
    expect(await versions()).to.deep.equal([`${id} latest`, `${one} latest`]);
  });

  it('deletes one version, the link to it too', async () => {
    const one = await put('one');
    const two = await put('two');
    const gone = await rig.ask('DELETE', `/c/a?version-id=${two}`);
    expect(gone).to.deep.include({ status: 204 });
    expect(gone.headers).to.include({ 'x-object-current-version-id': 'null' });
    expect((await rig.ask('GET', '/c/a')).status).to.equal(404);
    expect(await versions()).to.deep.equal([one]);
    expect(await rig.blobs()).to.equal(1);
    expect((await rig.ask('DELETE', '/c')).text).to.contain('Delete all versions');
    await rig.ask('DELETE', `/c/a?version-id=${one}`);
    expect((await rig.ask('DELETE', '/c')).status).to.equal(204);
    expect((await rig.ask('HEAD', '')).headers['x-account-container-count']).to.equal('0');
  });

  it('keeps what was written while it was off', async () => {
    const one = await put('one');
    await rig.ask('POST', '/c', { headers: { 'x-versions-enabled': 'false' } });
    expect(await put('null')).to.equal('');
    expect(await versions()).to.deep.equal(['null latest', one]);
    expect((await rig.ask('GET', '/c/a?version-id=null')).text).to.equal('null');
    await rig.ask('POST', '/c', { headers: { 'x-versions-enabled': 'true' } });
    const three = await put('three');
    const [, kept = ''] = await versions();
    expect(await versions()).to.deep.equal([`${three} latest`, kept, one]);
    expect((await rig.ask('GET', `/c/a?version-id=${kept}`)).text).to.equal('null');
    expect(await rig.blobs()).to.equal(3);
  });

  it('sets metadata of the version behind the link', async () => {
    const one = await put('one');
    await rig.ask('POST', '/c/a', { headers: { 'x-object-meta-a': '1' } });
    const got = await rig.ask('HEAD', `/c/a?version-id=${one}`);
    expect(got.headers).to.include({ 'x-object-meta-a': '1' });
    expect((await rig.ask('POST', `/c/a?version-id=${one}`)).status).to.equal(400);
  });

  it('knows versions only where there are some', async () => {
    await rig.ask('PUT', '/plain');
    await rig.ask('PUT', '/plain/a', { body: 'x' });
    expect((await rig.ask('GET', '/plain/a?version-id=1')).status).to.equal(400);
    expect((await rig.ask('GET', '/c/a?version-id=x')).status).to.equal(400);
    expect((await rig.ask('GET', '/c/a?version-id=1')).status).to.equal(404);
    expect(await rig.json('/plain?versions')).to.have.lengthOf(1);
  });
});
