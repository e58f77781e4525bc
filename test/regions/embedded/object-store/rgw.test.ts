import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import { EmbeddedRegion } from '../../../../regions/embedded/region.ts';
import { abilitiesOf } from '../../../../regions/object-store/abilities.ts';
import { openRegion } from '../../../../regions/openstack-region.ts';
import { collect, rejection } from '../../../support/rejection.ts';
import { CoreRig } from './core-rig.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Each was seen on Ceph RGW 16.2.15 and 18.2.7. */
describe('an embedded region as the Ceph Object Gateway', () => {
  let rig: CoreRig;

  beforeEach(async () => {
    rig = await CoreRig.open('rgw');
    await rig.ask('PUT', '/box');
  });

  afterEach(() => rig.close());

  const rows = () => rig.json('/box?format=json');

  async function putSlo(headers: Readonly<Record<string, string>> = {}): Promise<number> {
    for (const at of [0, 1]) await rig.ask('PUT', `/box/seg/${at}`, { body: `part${at}` });
    const body = JSON.stringify(
      [0, 1].map((at) => ({ path: `/box/seg/${at}`, size_bytes: 5, etag: 'wrong', range: '1-2' })),
    );
    const options = { body, headers };
    return (await rig.ask('PUT', '/box/slo?multipart-manifest=put', options)).status;
  }

  it('tells its features beside /v1 and not at the root', async () => {
    expect((await rig.ask('GET', '/info')).status).to.equal(404);
    const { status, text } = await rig.ask('GET', '/swift/info');
    expect(status).to.equal(200);
    const told = abilitiesOf(JSON.parse(text) as Record<string, unknown>);
    expect(told).to.include({ kind: 'ceph-rgw', name: 'Ceph RGW 16.2.15', versions: false });
    expect((await rig.ask('HEAD', '/swift/v1/AUTH_shop/box')).status).to.equal(204);
    for (const [name, wanted] of [
      ['ab', 400],
      ['abc', 201],
      ['x'.repeat(256), 400],
    ] as const)
      expect((await rig.ask('PUT', `/${name}`)).status).to.equal(wanted);
  });

  it('answers with success to versions, and takes the object for one of them', async () => {
    const headers = { 'x-versions-enabled': 'true', 'x-history-location': 'box' };
    expect((await rig.ask('PUT', '/vers', { headers })).status).to.equal(201);
    const head = await rig.ask('HEAD', '/vers');
    expect(head.headers).not.to.have.any.keys('x-versions-enabled', 'x-history-location');
    await rig.ask('PUT', '/vers/o', { body: 'x' });
    expect((await rig.json('/vers?versions&format=json'))[0]).not.to.have.property('version_id');
    expect((await rig.ask('DELETE', '/vers/o?version-id=1.5')).status).to.equal(204);
    expect((await rig.ask('GET', '/vers/o')).status).to.equal(404);
  });

  it('makes an empty object of a symlink, and overwrites whatever If-None-Match says', async () => {
    await rig.ask('PUT', '/box/t', { body: 'there' });
    const link = { 'x-symlink-target': 'box/t', 'content-length': '0' };
    expect((await rig.ask('PUT', '/box/link', { headers: link })).status).to.equal(201);
    const { text, headers } = await rig.ask('GET', '/box/link?symlink=get');
    expect(text).to.equal('');
    expect(headers).not.to.have.property('x-symlink-target');
    const none = { 'if-none-match': '*' };
    expect((await rig.ask('PUT', '/box/t', { body: 'new', headers: none })).status).to.equal(201);
    expect((await rig.ask('GET', '/box/t')).text).to.equal('new');
    const quoted = { etag: `"${md5('x')}"` };
    expect((await rig.ask('PUT', '/box/t', { body: 'x', headers: quoted })).status).to.equal(422);
  });

  it('gives an SLO whole, but never its manifest, and lists it as no bytes of some length', async () => {
    expect(await putSlo({ etag: md5(md5('part0') + md5('part1')) })).to.equal(422);
    expect(await putSlo()).to.equal(201);
    const whole = await rig.ask('GET', '/box/slo');
    expect(whole.text).to.equal('part0part1');
    expect(whole.headers).to.include({ 'x-static-large-object': 'True' });
    for (const method of ['GET', 'HEAD'])
      for (const query of ['', '&format=raw']) {
        const got = await rig.ask(method, `/box/slo?multipart-manifest=get${query}`);
        expect([got.status, got.text, got.headers['content-length']]).to.deep.equal([200, '', '0']);
        expect(got.headers).to.include({ 'x-object-meta-static-large-object': 'True' });
        expect(got.headers).not.to.have.property('x-static-large-object');
      }
    const row = (await rows()).find(({ name }) => name === 'slo')!;
    expect(row)
      .to.include({ hash: md5('') })
      .and.not.have.property('slo_etag');
    expect(row.bytes).to.be.greaterThan(10);
    const match = { 'if-match': whole.headers.etag ?? '' };
    expect((await rig.ask('GET', '/box/slo', { headers: match })).status).to.equal(412);
    const data = JSON.stringify([{ data: 'eA==' }]);
    const nested = JSON.stringify([{ path: '/box/slo' }]);
    for (const body of [data, nested])
      expect((await rig.ask('PUT', '/box/n?multipart-manifest=put', { body })).status).to.equal(
        400,
      );
    await rig.ask('PUT', '/box/copy', { headers: { 'x-copy-from': 'box/slo' } });
    expect((await rig.ask('GET', '/box/copy')).text).to.equal('part0part1');
    expect((await rig.ask('HEAD', '/box/copy')).headers).to.include({
      'x-static-large-object': 'True',
    });
  });

  it('lists no type where none was sent, and times to the millisecond', async () => {
    await rig.ask('PUT', '/box/none', { body: 'x' });
    await rig.ask('PUT', '/box/text', { body: 'x', headers: { 'content-type': 'text/plain' } });
    const [none, text] = await rows();
    expect(none).not.to.have.property('content_type');
    expect(none?.last_modified).to.match(/T\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(text).to.include({ content_type: 'text/plain' });
    expect((await rig.ask('HEAD', '/box/none')).headers).to.include({
      'content-type': 'binary/octet-stream',
    });
    expect((await rig.ask('GET', '/box?limit=20000')).status).to.equal(200);
  });

  it('copies within an account only, and leaves the expiry behind', async () => {
    await rig.ask('PUT', '/box/o', { body: 'x', headers: { 'x-delete-after': '1000' } });
    const copy = { 'x-copy-from': 'box/o' };
    expect((await rig.ask('PUT', '/box/own', { headers: copy })).status).to.equal(201);
    expect((await rig.ask('HEAD', '/box/own')).headers).not.to.have.property('x-delete-at');
    const fresh = { ...copy, 'x-fresh-metadata': 'true' };
    await rig.ask('PUT', '/box/fresh', { headers: fresh });
    expect((await rig.ask('HEAD', '/box/fresh')).headers).to.include({
      'content-type': 'binary/octet-stream',
    });
    await rig.ask('POST', '/box', { headers: { 'x-container-read': 'mill:*' } });
    const other = { ...copy, 'x-copy-from-account': 'AUTH_shop' };
    await rig.ask('PUT', '/v1/AUTH_mill/mine', { token: 'mill' });
    const across = { token: 'mill', headers: other };
    expect((await rig.ask('PUT', '/v1/AUTH_mill/mine/o', across)).status).to.equal(404);
    expect((await rig.ask('PUT', '/box/own', { headers: other })).status).to.equal(201);
  });

  it('replaces metadata on POST, and nothing else', async () => {
    const first = { 'x-delete-after': '1000', 'content-encoding': 'gzip', 'x-object-meta-a': '1' };
    await rig.ask('PUT', '/box/o', { body: 'x', headers: first });
    await rig.ask('POST', '/box/o', { headers: { 'x-object-meta-b': '2' } });
    const { headers } = await rig.ask('HEAD', '/box/o');
    expect(headers).to.include({ 'content-encoding': 'gzip', 'x-object-meta-b': '2' });
    expect(headers).to.have.property('x-delete-at');
    expect(headers).not.to.have.property('x-object-meta-a');
    await rig.ask('POST', '/box/o', { headers: { 'x-remove-delete-at': 'x' } });
    expect((await rig.ask('HEAD', '/box/o')).headers).not.to.have.property('x-delete-at');
  });

  it('has objects whose ETag is no MD5', async () => {
    await rig.ask('PUT', '/box/o', { body: 'x' });
    await rig.service.putInParts('AUTH_shop', 'box', 'o', 2);
    expect((await rows())[0]).to.include({ hash: `${md5('x')}-2` });
    const { text, headers } = await rig.ask('GET', '/box/o');
    expect([text, headers.etag]).to.deep.equal(['x', `${md5('x')}-2`]);
    const etag = { etag: `${md5('x')}-2` };
    expect((await rig.ask('PUT', '/box/p', { body: 'x', headers: etag })).status).to.equal(422);
    await rig.service.putInParts('AUTH_shop', 'box', 'gone', 2).then(
      () => expect.fail('there is no such object'),
      () => undefined,
    );
  });

  it('is known for what it is by our own client, through its catalogue', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'farshore-rgw-'));
    const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
    const region = await EmbeddedRegion.open({ name: 'r', directory, ambient, objectStore: 'rgw' });
    const domain = { id: 'default' };
    const client = openRegion(
      {
        ...{ name: 'r', regionName: 'r', swiftCluster: 'r', maxCalls: 8 },
        cloud: {
          ...{ name: 'r', authUrl: `${region.url}/v3`, endpointInterface: 'public' },
          tls: { verify: true },
          credentials: {
            ...{ kind: 'password', password: 'secret' },
            ...{ user: { name: 'admin', domain }, project: { name: 'demo', domain } },
          },
        },
      },
      { ambient },
    );
    try {
      const { objectStore: store, projectId } = await client.home();
      expect(store.account).to.equal(`AUTH_${projectId}`);
      expect(abilitiesOf(await store.info())).to.include({ kind: 'ceph-rgw' });
      await store.putContainer('box');
      await store.put('box', 'seg', 'part', { contentLength: 4 });
      const manifest = JSON.stringify([{ path: '/box/seg' }]);
      const contentLength = manifest.length;
      await store.put('box', 'slo', manifest, { contentLength, manifest: true });
      const found = (await collect(store.list('box'))).map(({ name, isOpaqueSlo, contentType }) => [
        name,
        isOpaqueSlo,
        contentType,
      ]);
      expect(found).to.deep.equal([
        ['seg', undefined, ''],
        ['slo', true, ''],
      ]);
      const hidden = await rejection(store.get('box', 'slo', { manifest: true }));
      expect(hidden.code).to.equal('object-store.manifest-hidden');
      const refused = await rejection(store.delete('box', 'seg', { versionId: '1.5' }));
      expect(refused.code).to.equal('object-store.no-versions');
      expect((await client.probe(5_000)).every(({ up }) => up)).to.equal(true);
    } finally {
      await client.close();
      await region.close();
      await rm(directory, { recursive: true });
    }
  });
});
