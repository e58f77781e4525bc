import { expect } from 'chai';
import { SwiftRig } from './middleware-rig.ts';

describe('embedded Swift: quotas', () => {
  let swift: SwiftRig;

  before(async () => {
    swift = await SwiftRig.open();
    await swift.fill('c', { o: '12345' });
  });

  after(() => swift.close());

  const put = async (path: string, body: string, token = 'owner') => {
    const { status, text } = await swift.ask('PUT', path, { body, token });
    return [status, text];
  };
  const set = (path: string, headers: Readonly<Record<string, string>>, token = 'owner') =>
    swift.ask('POST', path, { headers, token });
  const exceeded = [413, 'Upload exceeds quota.'];

  it("of a container's bytes, whatever is replaced", async () => {
    await set('/c', { 'x-container-meta-quota-bytes': '8' });
    expect(await put('/c/o', '1234')).to.deep.equal(exceeded);
    expect(await put('/c/p', '123')).to.deep.equal([201, '']);
    const manifest = '[{"path":"/c/p"}]';
    expect(await put('/c/q?multipart-manifest=put', manifest)).to.deep.equal(exceeded);
    const copied = await swift.ask('COPY', '/c/o', { headers: { destination: 'c/q' } });
    expect(copied.status).to.equal(413);
    await set('/c', { 'x-container-meta-quota-bytes': '' });
    expect(await put('/c/o', '12345')).to.deep.equal([201, '']);
  });

  it("of a container's objects", async () => {
    await swift.fill('n', { o: '1' });
    await set('/n', { 'x-container-meta-quota-count': '1' });
    expect(await put('/n/p', '')).to.deep.equal(exceeded);
    expect(await put('/n/o', '')).to.deep.equal(exceeded);
  });

  it('which must be numbers', async () => {
    const bytes = await set('/c', { 'x-container-meta-quota-bytes': 'x' });
    expect([bytes.status, bytes.text]).to.deep.equal([400, 'Invalid bytes quota.']);
    const count = await set('/c', { 'x-container-meta-quota-count': '-1' });
    expect([count.status, count.text]).to.deep.equal([400, 'Invalid count quota.']);
  });

  it("of an account, set by a reseller's admin only and not meant for him", async () => {
    expect((await set('', { 'x-account-meta-quota-bytes': '5' })).status).to.equal(403);
    expect((await set('', { 'x-remove-account-meta-quota-bytes': '5' })).status).to.equal(403);
    expect((await set('', { 'x-account-meta-quota-bytes': 'x' }, 'reseller')).status).to.equal(400);
    expect((await set('', { 'x-account-meta-quota-bytes': '5' }, 'reseller')).status).to.equal(204);
    expect(await put('/n/q', '1')).to.deep.equal(exceeded);
    expect(await put('/c/q', '1')).to.deep.equal(exceeded);
    expect(await put('/c/q', '1', 'reseller')).to.deep.equal([201, '']);
    await set('', { 'x-remove-account-meta-quota-bytes': 'x' }, 'reseller');
    expect(await put('/c/q', '1')).to.deep.equal([201, '']);
  });
});
