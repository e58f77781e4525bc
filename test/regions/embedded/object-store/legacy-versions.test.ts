import { expect } from 'chai';
import { CoreRig } from './core-rig.ts';

describe('embedded Swift: the two older ways of versioning', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open();
    await rig.ask('PUT', '/old');
  });

  afterEach(() => rig.close());

  const names = async () => (await rig.json('/old?format=json')).map(({ name }) => String(name));

  async function make(way: string): Promise<void> {
    await rig.ask('PUT', '/c', { headers: { [way]: 'old' } });
    for (const body of ['one', 'two', 'three']) {
      await rig.clock.advance(1);
      await rig.ask('PUT', '/c/a', { body, headers: { 'x-object-meta-is': body } });
    }
  }

  for (const way of ['x-versions-location', 'x-history-location'])
    it(`${way} is told, and keeps what a PUT replaces under the name's length and time`, async () => {
      await make(way);
      expect((await rig.ask('HEAD', '/c')).headers).to.include({ [way]: 'old' });
      const kept = await names();
      expect(kept).to.have.lengthOf(2);
      for (const name of kept) expect(name).to.match(/^001a\/\d{10}\.\d{5}$/);
      const first = await rig.ask('GET', `/old/${kept[0]}`);
      expect([first.text, first.headers['x-object-meta-is']]).to.deep.equal(['one', 'one']);
    });

  it('keeps the bytes of what the newer way of versioning wrote', async () => {
    await rig.ask('PUT', '/c', { headers: { 'x-versions-enabled': 'true' } });
    await rig.ask('PUT', '/c/a', { body: 'one' });
    await rig.clock.advance(1);
    await rig.ask('POST', '/c', {
      headers: { 'x-versions-enabled': 'false', 'x-versions-location': 'old' },
    });
    await rig.ask('PUT', '/c/a', { body: 'two' });
    const [kept] = await names();
    expect((await rig.ask('GET', `/old/${kept}`)).text).to.equal('one');
  });

  it('a stack gives the older copy back on DELETE, until there is none', async () => {
    await make('x-versions-location');
    for (const body of ['two', 'one']) {
      expect((await rig.ask('DELETE', '/c/a')).status).to.equal(204);
      expect((await rig.ask('GET', '/c/a')).text).to.equal(body);
    }
    expect(await names()).to.deep.equal([]);
    expect((await rig.ask('DELETE', '/c/a')).status).to.equal(204);
    expect((await rig.ask('GET', '/c/a')).status).to.equal(404);
  });

  it('a history keeps all and marks the deletion; as a stack it is then undone', async () => {
    await make('x-history-location');
    await rig.clock.advance(1);
    expect((await rig.ask('DELETE', '/c/a')).status).to.equal(204);
    expect((await rig.ask('GET', '/c/a')).status).to.equal(404);
    const rows = await rig.json('/old?format=json');
    expect(rows.map((row) => row.bytes)).to.deep.equal([3, 3, 5, 0]);
    expect(rows[3]).to.include({ content_type: 'application/x-deleted;swift_versions_deleted=1' });
    await rig.ask('POST', '/c', { headers: { 'x-versions-location': 'old' } });
    expect((await rig.ask('HEAD', '/c')).headers).not.to.have.property('x-history-location');
    await rig.ask('DELETE', '/c/a');
    expect((await rig.ask('GET', '/c/a')).text).to.equal('three');
    expect(await names()).to.have.lengthOf(2);
  });

  it('are one at a time, removed by name, and shut out the newer one', async () => {
    const both = { 'x-versions-location': 'old', 'x-history-location': 'old' };
    expect((await rig.ask('PUT', '/d', { headers: both })).status).to.equal(400);
    const slash = { 'x-versions-location': 'a/b' };
    expect((await rig.ask('PUT', '/d', { headers: slash })).status).to.equal(412);
    await make('x-history-location');
    const newer = { 'x-versions-enabled': 'true' };
    expect((await rig.ask('POST', '/c', { headers: newer })).status).to.equal(400);
    await rig.ask('POST', '/c', { headers: { 'x-remove-versions-location': 'x' } });
    expect((await rig.ask('HEAD', '/c')).headers).not.to.have.property('x-history-location');
    expect((await rig.ask('POST', '/c', { headers: newer })).status).to.equal(204);
  });

  it('refuse a write while the container for old copies is missing', async () => {
    await rig.ask('PUT', '/c', { headers: { 'x-versions-location': 'nowhere' } });
    expect((await rig.ask('PUT', '/c/a', { body: 'one' })).status).to.equal(201);
    expect((await rig.ask('PUT', '/c/a', { body: 'two' })).status).to.equal(412);
    expect((await rig.ask('GET', '/c/a')).text).to.equal('one');
  });
});
