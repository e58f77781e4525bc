import { expect } from 'chai';
import { CoreRig } from './core-rig.ts';

describe('embedded Swift: accounts and containers', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open();
  });

  afterEach(() => rig.close());

  async function fill(container: string, ...names: string[]): Promise<void> {
    await rig.ask('PUT', `/${container}`);
    for (const name of names)
      await rig.ask('PUT', `/${container}/${encodeURIComponent(name)}`, { body: 'hello' });
  }

  async function names(query: string): Promise<readonly string[]> {
    const { text } = await rig.ask('GET', `/c?${query}`);
    return text.split('\n').slice(0, -1);
  }

  it('counts as it goes, through a restart', async () => {
    expect((await rig.ask('PUT', '/c')).status).to.equal(201);
    expect((await rig.ask('PUT', '/c')).status).to.equal(202);
    await fill('c', 'a', 'b');
    await rig.ask('PUT', '/c/a', { body: 'longer than before' });
    await rig.restart();
    const head = await rig.ask('HEAD', '/c');
    expect(head.status).to.equal(204);
    expect(head.headers).to.include({
      'x-container-object-count': '2',
      'x-container-bytes-used': '23',
    });
    const account = await rig.ask('HEAD', '');
    expect(account.headers).to.include({
      'x-account-container-count': '1',
      'x-account-object-count': '2',
      'x-account-bytes-used': '23',
    });
    expect((await rig.ask('DELETE', '/c')).status).to.equal(409);
    for (const name of ['a', 'b']) await rig.ask('DELETE', `/c/${name}`);
    expect((await rig.ask('DELETE', '/c')).status).to.equal(204);
    expect((await rig.ask('HEAD', '')).headers['x-account-container-count']).to.equal('0');
  });

  it('merges metadata, and takes away what is named', async () => {
    await rig.ask('PUT', '/c', {
      headers: { 'x-container-meta-a': '1', 'x-container-meta-b': '2' },
    });
    const headers = { 'x-container-meta-c': '3', 'x-remove-container-meta-a': 'x' };
    expect((await rig.ask('POST', '/c', { headers })).status).to.equal(204);
    const head = await rig.ask('HEAD', '/c');
    expect(head.headers).to.include({ 'x-container-meta-b': '2', 'x-container-meta-c': '3' });
    expect(head.headers).not.to.have.property('x-container-meta-a');
    await rig.ask('POST', '', { headers: { 'x-account-meta-a': '1' } });
    expect((await rig.ask('HEAD', '')).headers).to.include({ 'x-account-meta-a': '1' });
  });

  it('lists by the bytes of UTF-8, in pages', async () => {
    await fill('c', 'é', 'z', '\u{1F600}', '\uFFFD', 'a');
    expect(await names('')).to.deep.equal(['a', 'z', 'é', '\uFFFD', '\u{1F600}']);
    expect(await names('limit=2&marker=a')).to.deep.equal(['z', 'é']);
    expect(await names('end_marker=z')).to.deep.equal(['a']);
    expect(await names('reverse=true&limit=2')).to.deep.equal(['\u{1F600}', '\uFFFD']);
    expect((await rig.ask('GET', '/c?limit=10001')).status).to.equal(412);
  });

  it('lists folders', async () => {
    await fill('c', 'a', 'd/', 'd/1', 'd/2', 'd/e/3', 'd2', 'x--y', 'x--z');
    expect(await names('delimiter=/')).to.deep.equal(['a', 'd/', 'd2', 'x--y', 'x--z']);
    expect(await names('delimiter=/&prefix=d/')).to.deep.equal(['d/', 'd/1', 'd/2', 'd/e/']);
    expect(await names('delimiter=--'))
      .to.include('x--')
      .and.not.to.include('x--y');
    expect(await names('delimiter=/&marker=d/')).to.deep.equal(['d2', 'x--y', 'x--z']);
    expect(await names('delimiter=/&reverse=1&limit=3')).to.deep.equal(['x--z', 'x--y', 'd2']);
    expect(await names('path=d')).to.deep.equal(['d/1', 'd/2']);
    expect(await names('path=')).to.deep.equal(['a', 'd/', 'd2', 'x--y', 'x--z']);
    const [, folder] = await rig.json('/c?delimiter=/&format=json');
    expect(folder).to.deep.equal({ subdir: 'd/' });
  });

  it('finds its way past large folders', async () => {
    await fill('c');
    for (let at = 0; at < 250; at++) await rig.ask('PUT', `/c/d/${at}`);
    await rig.ask('PUT', '/c/e');
    expect(await names('delimiter=/')).to.deep.equal(['d/', 'e']);
    expect(await names('delimiter=/&reverse=true')).to.deep.equal(['e', 'd/']);
  });

  it('shows changes when the lag is over, and loses none', async () => {
    await fill('c', 'a');
    rig.faults.set({ listingLagMs: 10_000 });
    await rig.ask('PUT', '/c/b', { body: 'hello' });
    await rig.ask('DELETE', '/c/a');
    expect((await rig.ask('GET', '/c/b')).text).to.equal('hello');
    expect(await names('')).to.deep.equal(['a']);
    expect((await rig.ask('HEAD', '')).headers['x-account-object-count']).to.equal('1');
    await rig.clock.advance(4);
    await rig.restart();
    expect(await names('')).to.deep.equal(['a']);
    await rig.clock.advance(7);
    expect(await names('')).to.deep.equal(['b']);
    await rig.ask('PUT', '/c/d');
    rig.faults.heal();
    await rig.ask('PUT', '/c/e');
    expect(await names('')).to.deep.equal(['b', 'd', 'e']);
    expect((await rig.ask('HEAD', '/c')).headers['x-container-object-count']).to.equal('3');
  });

  for (const [path, status] of [
    ['/v1', 412],
    ['/v1/', 412],
    ['/v1/AUTH_shop//o', 412],
    ['/v2/AUTH_shop', 400],
    ['/', 404],
  ] as const)
    it(`answers ${path} with ${status}`, async () => {
      const { service } = rig;
      const call = {
        method: 'GET',
        path,
        query: new URLSearchParams(),
        headers: {},
        origin: '',
      };
      const error: unknown = await service
        .handle(call as unknown as Parameters<typeof service.handle>[0])
        .catch((thrown: unknown) => thrown);
      expect(error).to.include({ status });
    });

  it('lets only those in who may', async () => {
    await rig.ask('PUT', '/c');
    expect((await rig.ask('GET', '/c', { token: 'mill' })).status).to.equal(403);
    const copy = { 'x-copy-from': 'c/a', 'x-copy-from-account': 'AUTH_shop' };
    const stolen = await rig.ask('PUT', '/v1/AUTH_mill/c/a', { token: 'mill', headers: copy });
    expect(stolen.status).to.equal(403);
  });
});
