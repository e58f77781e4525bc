import { expect } from 'chai';
import { cleanAcl } from '../../../../regions/embedded/object-store/acl.ts';
import { SwiftRig } from './middleware-rig.ts';

describe('embedded Swift: access', () => {
  let swift: SwiftRig;

  before(async () => {
    swift = await SwiftRig.open();
    await swift.fill('c', { o: 'hello' });
  });

  after(() => swift.close());

  const status = async (method: string, path: string, token: string | null, referer?: string) =>
    (await swift.ask(method, path, { token, ...(referer ? { headers: { referer } } : {}) })).status;

  const grant = (read: string, write = '') =>
    swift.ask('POST', '/c', {
      headers: { 'x-container-read': read, 'x-container-write': write },
    });

  it("is the own project's for member and admin only", async () => {
    await grant('');
    expect(await status('GET', '/c/o', 'owner')).to.equal(200);
    expect(await status('GET', '/c/o', 'reader')).to.equal(403);
    expect(await status('GET', '/c/o', 'other')).to.equal(403);
    expect(await status('GET', '', 'other')).to.equal(403);
    expect(await status('GET', '/c/o', 'reseller')).to.equal(200);
  });

  it('answers nobody with 401 and where to go', async () => {
    for (const path of ['', '/c', '/c/o', '/none', '/c/none']) {
      const answer = await swift.ask('GET', path, { token: null });
      expect(answer.status, path).to.equal(401);
      expect(answer.headers.get('www-authenticate')).to.contain('Swift realm="AUTH_p-shop"');
      expect(answer.text).to.equal(
        '<html><h1>Unauthorized</h1><p>This server could not verify that you are authorized to access the document you requested.</p></html>',
      );
    }
    expect(await status('GET', '/c', 'no such token')).to.equal(401);
    const denied = await swift.ask('GET', '/c', { token: 'other' });
    expect(denied.text).to.equal(
      '<html><h1>Forbidden</h1><p>Access was denied to this resource.</p></html>',
    );
  });

  it('opens objects to everybody with .r:*, and the listing with .rlistings', async () => {
    await grant('.r:*');
    expect(await status('GET', '/c/o', null)).to.equal(200);
    expect(await status('GET', '/c/none', null)).to.equal(404);
    expect(await status('GET', '/c', null)).to.equal(401);
    expect(await status('PUT', '/c/o', null)).to.equal(401);
    await grant('.r:*,.rlistings');
    const listing = await swift.ask('GET', '/c', { token: null });
    expect(listing.text).to.equal('o\n');
    expect(listing.headers.has('x-container-read')).to.equal(false);
    expect(await status('HEAD', '/c', 'other')).to.equal(204);
  });

  it('goes by the referrer, the last entry that fits first', async () => {
    await grant('.r:.example.com,.r:-thief.example.com');
    expect(await status('GET', '/c/o', null, 'http://www.example.com/x')).to.equal(200);
    expect(await status('GET', '/c/o', null, 'http://thief.example.com/x')).to.equal(401);
    expect(await status('GET', '/c/o', null, 'www.example.com')).to.equal(401);
    expect(await status('GET', '/c/o', null)).to.equal(401);
  });

  it('knows project:user by id, name and star', async () => {
    for (const acl of [
      'p-mill:u-other',
      'mill:other',
      'mill:*',
      '*:other',
      '*:*',
      'mill%3Aother',
    ]) {
      await grant(acl);
      expect(await status('GET', '/c/o', 'other'), acl).to.equal(200);
      expect(await status('GET', '/c', 'other'), acl).to.equal(200);
      expect(await status('PUT', '/c/x', 'other'), acl).to.equal(403);
    }
    for (const acl of ['mill', 'mill:owner', 'shop:other', 'other']) {
      await grant(acl);
      expect(await status('GET', '/c/o', 'other'), acl).to.equal(403);
    }
  });

  it('lets a role of the own project in by its name', async () => {
    await grant('auditor');
    expect(await status('GET', '/c/o', 'auditor')).to.equal(200);
    expect(await status('GET', '/c/o', 'reader')).to.equal(403);
  });

  it("grants writing objects, and neither changing nor seeing the container's secrets", async () => {
    await grant('mill:other', 'mill:other');
    expect(await status('PUT', '/c/new', 'other')).to.equal(201);
    expect(await status('DELETE', '/c/new', 'other')).to.equal(204);
    expect(await status('POST', '/c', 'other')).to.equal(403);
    expect(await status('DELETE', '/c', 'other')).to.equal(403);
    const seen = await swift.ask('HEAD', '/c', { token: 'other' });
    expect(seen.status).to.equal(204);
    expect(seen.headers.has('x-container-write')).to.equal(false);
    const own = await swift.ask('HEAD', '/c');
    expect(own.headers.get('x-container-write')).to.equal('mill:other');
  });

  it('keeps an ACL cleaned, and refuses what means nothing', async () => {
    expect(cleanAcl('x-container-read', 'a, b ,,.referrer : *.x.com, .r: -y')).to.equal(
      'a,b,.r:.x.com,.r:-y',
    );
    for (const [header, value, message] of [
      ['x-container-read', '.r:', "No host/domain value after referrer designation in ACL: '.r:'"],
      ['x-container-read', '.foo:bar', "Unknown designator '.foo' in ACL: '.foo:bar'"],
      ['x-container-write', '.r:*', "Referrers not allowed in write ACL: '.r:*'"],
    ] as const) {
      const answer = await swift.ask('POST', '/c', { headers: { [header]: value } });
      expect([answer.status, answer.text]).to.deep.equal([400, message]);
    }
  });
});
