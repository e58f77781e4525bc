import { Readable } from 'node:stream';
import { expect } from 'chai';
import { CoreRig } from './core-rig.ts';

const md5 = '5d41402abc4b2a76b9719d911017c592';

describe('embedded Swift: objects', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open();
    await rig.ask('PUT', '/c');
  });

  afterEach(() => rig.close());

  it('keeps what is put, with its metadata, through a restart', async () => {
    const headers = { 'x-object-meta-colour': 'red', 'content-encoding': 'gzip', 'x-foo': 'lost' };
    const put = await rig.ask('PUT', '/c/a.txt', { body: 'hello', headers });
    expect(put).to.deep.include({ status: 201 });
    expect(put.headers).to.include({ etag: md5, 'last-modified': 'Sat, 21 Nov 2026 08:00:01 GMT' });
    await rig.restart();
    const got = await rig.ask('GET', '/c/a.txt');
    expect(got).to.deep.include({ status: 200, text: 'hello' });
    expect(got.headers).to.include({
      etag: md5,
      'content-type': 'text/plain',
      'content-length': '5',
      'content-encoding': 'gzip',
      'x-object-meta-colour': 'red',
    });
    expect(got.headers).not.to.have.property('x-foo');
  });

  it('replaces all metadata on POST, and moves the row', async () => {
    const headers = { 'x-object-meta-a': '1', 'x-delete-after': '60' };
    await rig.ask('PUT', '/c/a', { body: 'hello', headers });
    await rig.clock.advance(2);
    const post = await rig.ask('POST', '/c/a', { headers: { 'x-object-meta-b': '2' } });
    expect(post.status).to.equal(202);
    const head = await rig.ask('HEAD', '/c/a');
    expect(head.headers).to.include({ 'x-object-meta-b': '2', etag: md5 });
    expect(head.headers).not.to.have.any.keys('x-object-meta-a', 'x-delete-at');
    const [row] = await rig.json('/c?format=json');
    expect(String(row?.last_modified)).to.match(/^2026-11-21T08:00:02\./);
  });

  it('stores nothing of a body that is not what its headers say', async () => {
    const wrong = await rig.ask('PUT', '/c/a', { body: 'hello', headers: { etag: 'abc' } });
    expect(wrong.status).to.equal(422);
    const short = await rig.ask('PUT', '/c/a', {
      body: Readable.from([Buffer.from('hel')]),
      headers: { 'content-length': '5' },
    });
    expect(short.status).to.equal(499);
    const broken = new Readable({ read: () => broken.destroy(new Error('gone')) });
    const gone = await rig.ask('PUT', '/c/a', {
      body: broken,
      headers: { 'content-length': '5' },
    });
    expect(gone.status).to.equal(499);
    expect((await rig.ask('HEAD', '/c/a')).status).to.equal(404);
    expect(await rig.blobs()).to.equal(0);
  });

  it('has no room on a full disk, and keeps what was there', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello' });
    rig.faults.set({ isDiskFull: true });
    expect((await rig.ask('PUT', '/c/a', { body: 'other' })).status).to.equal(507);
    expect((await rig.ask('GET', '/c/a')).text).to.equal('hello');
    expect(await rig.blobs()).to.equal(1);
  });

  it('removes the bytes of what is replaced and deleted', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello' });
    await rig.ask('PUT', '/c/a', { body: 'other' });
    expect(await rig.blobs()).to.equal(1);
    expect((await rig.ask('DELETE', '/c/a')).status).to.equal(204);
    expect(await rig.blobs()).to.equal(0);
    expect((await rig.ask('DELETE', '/c/a')).status).to.equal(404);
  });

  for (const [range, status, text] of [
    ['bytes=1-2', 206, 'el'],
    ['bytes=3-', 206, 'lo'],
    ['bytes=-2', 206, 'lo'],
    ['bytes=-9', 206, 'hello'],
    ['bytes=3-1', 200, 'hello'],
    ['bytes=a-b', 200, 'hello'],
  ] as const)
    it(`answers ${range} with ${status}`, async () => {
      await rig.ask('PUT', '/c/a', { body: 'hello' });
      const got = await rig.ask('GET', '/c/a', { headers: { range } });
      expect(got).to.deep.include({ status, text });
      expect(got.headers['content-length']).to.equal(String(text.length));
    });

  it('answers several ranges in parts, and none with 416', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello' });
    const parts = await rig.ask('GET', '/c/a', { headers: { range: 'bytes=0-0,2-3' } });
    expect(parts.status).to.equal(206);
    expect(parts.headers['content-type']).to.match(/^multipart\/byteranges;boundary=\w+$/);
    expect(parts.text).to.contain('Content-Range: bytes 2-3/5\r\n\r\nll\r\n--');
    expect(parts.headers['content-length']).to.equal(String(parts.text.length));
    const none = await rig.ask('GET', '/c/a', { headers: { range: 'bytes=5-' } });
    expect(none).to.deep.include({ status: 416 });
    expect(none.headers['content-range']).to.equal('bytes */5');
  });

  it('answers on condition', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello' });
    const statusWith = async (headers: Record<string, string>) =>
      (await rig.ask('GET', '/c/a', { headers })).status;
    expect(await statusWith({ 'if-none-match': `"${md5}"` })).to.equal(304);
    expect(await statusWith({ 'if-match': '"x", y' })).to.equal(412);
    expect(await statusWith({ 'if-match': md5 })).to.equal(200);
    expect(await statusWith({ 'if-modified-since': 'Sat, 21 Nov 2026 08:00:01 GMT' })).to.equal(
      304,
    );
    expect(await statusWith({ 'if-unmodified-since': 'Sat, 21 Nov 2026 08:00:00 GMT' })).to.equal(
      412,
    );
    const again = await rig.ask('PUT', '/c/a', { headers: { 'if-none-match': '*' } });
    expect(again.status).to.equal(412);
  });

  it('hides what has expired, and takes it from the listing later', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello', headers: { 'x-delete-after': '3' } });
    await rig.clock.advance(4);
    expect((await rig.ask('GET', '/c/a')).status).to.equal(404);
    expect(await rig.json('/c?format=json')).to.have.lengthOf(1);
    await rig.clock.advance(5);
    while ((await rig.json('/c?format=json')).length > 0) await rig.clock.advance(5);
    // The bytes go right after the record.
    while ((await rig.blobs()) > 0) await rig.clock.advance(5);
  });

  for (const [name, path, headers, status] of [
    ['a name too long', `/c/${'a'.repeat(1_025)}`, {}, 400],
    ['a value too long', '/c/a', { 'x-object-meta-a': 'a'.repeat(257) }, 400],
    ['a name of metadata too long', '/c/a', { [`x-object-meta-${'a'.repeat(129)}`]: '' }, 400],
    ['too large', '/c/a', { 'content-length': '5368709123' }, 413],
    ['a NUL', '/c/a%00', {}, 412],
    ['bytes that are not UTF-8', '/c/%ff', {}, 412],
    ['no such container', '/d/a', {}, 404],
    ['a deletion in the past', '/c/a', { 'x-delete-at': '5' }, 400],
    ['a reserved parameter', '/c/a', { 'content-type': 'a/b; swift_bytes=1' }, 400],
  ] as const)
    it(`refuses ${name}`, async () => {
      expect((await rig.ask('PUT', path, { headers })).status).to.equal(status);
    });

  it('copies without reading, and shows whence', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello', headers: { 'x-object-meta-a': '1' } });
    const copy = await rig.ask('COPY', '/c/a', {
      headers: { destination: 'c/b', 'x-object-meta-b': '2' },
    });
    expect(copy.status).to.equal(201);
    expect(copy.headers).to.include({
      'x-copied-from': 'c/a',
      'x-copied-from-account': 'AUTH_shop',
      'x-object-meta-a': '1',
    });
    await rig.ask('DELETE', '/c/a');
    const got = await rig.ask('GET', '/c/b');
    expect(got).to.deep.include({ status: 200, text: 'hello' });
    expect(got.headers).to.include({ 'x-object-meta-a': '1', 'x-object-meta-b': '2' });
    const fresh = { 'x-copy-from': '/c/b', 'x-fresh-metadata': 'true' };
    await rig.ask('PUT', '/c/d', { headers: fresh });
    expect((await rig.ask('GET', '/c/d')).headers).not.to.have.property('x-object-meta-a');
    const part = { 'x-copy-from': '/c/b', range: 'bytes=1-3' };
    await rig.ask('PUT', '/c/e', { headers: part });
    expect((await rig.ask('GET', '/c/e')).text).to.equal('ell');
  });

  it('is read damaged once, and is gone then', async () => {
    for (const name of ['altered', 'short', 'lost'])
      await rig.ask('PUT', `/c/${name}`, { body: 'hello' });
    await rig.ask('COPY', '/c/altered', { headers: { destination: 'c/copy' } });
    await rig.service.damage('AUTH_shop', 'c', 'altered', 'alter');
    await rig.service.damage('AUTH_shop', 'c', 'short', 'truncate');
    await rig.service.damage('AUTH_shop', 'c', 'lost', 'delete');
    const altered = await rig.ask('GET', '/c/altered');
    expect(altered.status).to.equal(200);
    expect(altered.text).not.to.equal('hello');
    expect(altered.headers.etag).to.equal(md5);
    for (const name of ['altered', 'short', 'lost'])
      expect((await rig.ask('GET', `/c/${name}`)).status, name).to.equal(404);
    expect((await rig.ask('GET', '/c/copy')).text).to.equal('hello');
    expect(await rig.json('/c?format=json')).to.have.lengthOf(4);
  });

  it('follows symlinks, but not in circles', async () => {
    await rig.ask('PUT', '/c/a', { body: 'hello' });
    await rig.ask('PUT', '/c/soft', { headers: { 'x-symlink-target': 'c/a' } });
    const hard = { 'x-symlink-target': 'c/a', 'x-symlink-target-etag': md5 };
    await rig.ask('PUT', '/c/hard', { headers: hard });
    expect((await rig.ask('GET', '/c/soft')).text).to.equal('hello');
    const link = await rig.ask('HEAD', '/c/hard?symlink=get');
    expect(link.headers).to.include({ 'x-symlink-target': 'c/a', 'x-symlink-target-bytes': '5' });
    const [row] = await rig.json('/c?format=json&prefix=hard');
    expect(row).to.include({ symlink_etag: md5, symlink_bytes: 5, bytes: 0 });
    expect((await rig.ask('POST', '/c/soft')).status).to.equal(307);
    await rig.ask('PUT', '/c/a', { body: 'other' });
    expect((await rig.ask('GET', '/c/soft')).text).to.equal('other');
    expect((await rig.ask('GET', '/c/hard')).status).to.equal(409);
    await rig.ask('PUT', '/c/x', { headers: { 'x-symlink-target': 'c/y' } });
    await rig.ask('PUT', '/c/y', { headers: { 'x-symlink-target': 'c/x' } });
    expect((await rig.ask('GET', '/c/x')).status).to.equal(409);
  });
});
