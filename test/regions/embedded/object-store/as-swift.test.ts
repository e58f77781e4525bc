import { expect } from 'chai';
import { CoreRig } from './core-rig.ts';

/** Each was seen on Swift 2.30. */
describe('embedded Swift does as the real one', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open();
    for (const container of ['c', 'segments', 'far']) await rig.ask('PUT', `/${container}`);
  });

  afterEach(() => rig.close());

  it('its listing shows a type without blanks, HEAD and GET as it was sent', async () => {
    const type = 'video/mp4; codecs="a, b"';
    await rig.ask('PUT', '/c/o', { body: 'x', headers: { 'content-type': type } });
    for (const format of ['json', 'xml']) {
      const { text } = await rig.ask('GET', `/c?format=${format}`);
      expect(text.replaceAll('&quot;', '\\"')).to.contain('video/mp4;codecs=\\"a, b\\"');
    }
    for (const method of ['HEAD', 'GET'])
      expect((await rig.ask(method, '/c/o')).headers).to.include({ 'content-type': type });
    await rig.ask('POST', '/c/o', { headers: { 'content-type': 'a/b; flag' } });
    expect(await rig.json('/c?format=json')).to.have.deep.nested.property(
      '[0].content_type',
      'a/b;flag=',
    );
    expect((await rig.ask('HEAD', '/c/o')).headers).to.include({ 'content-type': 'a/b; flag' });
  });

  it('versions are listed so too, and the links to them without parameters', async () => {
    await rig.ask('PUT', '/v', { headers: { 'x-versions-enabled': 'true' } });
    await rig.ask('PUT', '/v/o', { body: 'x', headers: { 'content-type': 'text/html; q=1' } });
    expect((await rig.json('/v?versions')).map((row) => row.content_type)).to.deep.equal([
      'text/html;q=1',
    ]);
    expect((await rig.json('/v?format=json')).map((row) => row.content_type)).to.deep.equal([
      'text/html',
    ]);
  });

  it('underscores in names of metadata are hyphens, of two such the values are joined', async () => {
    const meta = { 'x-container-meta-a_b': '1', 'x-container-meta-c_d': '2' };
    await rig.ask('POST', '/c', { headers: { ...meta, 'x-container-meta-c-d': '3' } });
    const { headers } = await rig.ask('HEAD', '/c');
    expect(headers).to.include({ 'x-container-meta-a-b': '1', 'x-container-meta-c-d': '2,3' });
    expect(headers).not.to.have.property('x-container-meta-a_b');
    await rig.ask('PUT', '/c/o', { headers: { x_object_meta_a_b: '1', constructor: 'x' } });
    expect((await rig.ask('HEAD', '/c/o')).headers).to.include({ 'x-object-meta-a-b': '1' });
  });

  it('a DLO’s manifest may have bytes of its own, which nobody reads through it', async () => {
    for (const at of [0, 1]) await rig.ask('PUT', `/segments/only/${at}`, { body: `part${at}` });
    const headers = { 'x-object-manifest': 'segments/only/' };
    await rig.ask('PUT', '/c/dlo', { body: 'bytes of its own', headers });
    expect((await rig.ask('GET', '/c/dlo')).text).to.equal('part0part1');
    expect((await rig.ask('HEAD', '/c/dlo')).headers['content-length']).to.equal('10');
    const own = await rig.ask('GET', '/c/dlo?multipart-manifest=get');
    expect(own.text).to.equal('bytes of its own');
    expect(own.headers).to.include(headers);
    expect(await rig.json('/c?format=json')).to.have.nested.property('[0].bytes', 16);
    await rig.ask('DELETE', '/segments/only/0');
    await rig.ask('DELETE', '/segments/only/1');
    const { status, text } = await rig.ask('GET', '/c/dlo');
    expect([status, text]).to.deep.equal([200, '']);
    await rig.ask('DELETE', '/segments');
    expect((await rig.ask('GET', '/c/dlo')).status).to.equal(404);
  });

  it('a symlink may lead into any container, one that is not there too', async () => {
    await rig.ask('PUT', '/far/t', { body: 'there' });
    await rig.ask('PUT', '/c/link', { headers: { 'x-symlink-target': 'far/t' } });
    await rig.ask('PUT', '/c/dangling', { headers: { 'x-symlink-target': 'nowhere/t' } });
    expect((await rig.ask('GET', '/c/link')).text).to.equal('there');
    expect((await rig.ask('GET', '/c/dangling')).status).to.equal(404);
    expect((await rig.ask('HEAD', '/c/dangling?symlink=get')).headers).to.include({
      'x-symlink-target': 'nowhere/t',
    });
  });
});
