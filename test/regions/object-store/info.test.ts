import { expect } from 'chai';
import { HttpServiceClient } from '../../../regions/http/http-service-client.ts';
import { accountOf } from '../../../regions/object-store/account.ts';
import {
  abilitiesOf,
  containerNameFault,
  describeStore,
} from '../../../regions/object-store/abilities.ts';
import { createObjectStore } from '../../../regions/object-store/client.ts';
import { type Reply, serve } from '../../support/http-server.ts';
import { rig } from '../http/rig.ts';

/** What was asked for, and what came of it, with the endpoint at that path of a server. */
async function askedAt(path: string, answers: Readonly<Record<string, Reply>>) {
  await using server = await serve(
    ({ url }) => answers[url] ?? { status: 404, body: 'NoSuchBucket' },
  );
  await using it = rig();
  const session = {
    projectId: 'p1',
    token: () => Promise.resolve('t1'),
    refuse: () => undefined,
    endpoint: () => Promise.resolve(server.url + path),
  };
  const client = new HttpServiceClient('east', 'object-store', session, it.caller);
  const store = createObjectStore(client);
  const told = await store.info().catch((error: unknown) => error);
  if (!(told instanceof Error)) await store.info();
  return { told, urls: server.seen.map(({ url }) => url), account: await accountOf(client) };
}

describe('the features of an object store', () => {
  const told: Reply = { status: 200, body: { swift: { version: '2.30.1' } } };

  for (const [path, answers, urls] of [
    ['/v1/AUTH_p1', { '/info': told }, ['/info']],
    ['/swift/v1/AUTH_p1', { '/swift/info': told }, ['/swift/info']],
    ['/swift/v1', { '/swift/info': told }, ['/swift/info']],
    ['/object-store/v1.0/AUTH_p1', { '/info': told }, ['/object-store/info', '/info']],
    ['/at/AUTH_p1', { '/info': told }, ['/info']],
    [
      '/swift/v1/AUTH_p1',
      { '/swift/info': { status: 200, body: '<html>login</html>' }, '/info': told },
      ['/swift/info', '/info'],
    ],
  ] as const)
    it(`are asked for once, of ${path}: ${urls.join(', then ')}`, async () => {
      const asked = await askedAt(path, answers);
      expect(asked.urls).to.deep.equal(urls);
      expect(asked.told).to.deep.equal(told.body);
    });

  it('that are told nowhere are an error that says where they were looked for', async () => {
    const { told } = await askedAt('/swift/v1/AUTH_p1', {});
    expect(told).to.include({ code: 'object-store.features-unknown', kind: 'permanent' });
    expect(String(told)).to.match(/http:\S+\/swift\/info and http:\S+\/info$/);
  });

  it('leave an endpoint without an account with the usual one', async () => {
    const answers = { '/swift/info': told };
    expect((await askedAt('/swift/v1', answers)).account).to.equal('AUTH_p1');
    expect((await askedAt('/swift/v1/AUTH_x', answers)).account).to.equal('AUTH_x');
  });

  it('say which store it is and what it can do', () => {
    const swift = abilitiesOf({
      swift: { version: '2.30.1', max_container_name_length: 256 },
      ...{ object_versioning: {}, symlink: {}, slo: {}, bulk_upload: {} },
    });
    expect(swift).to.include({
      ...{ kind: 'swift', name: 'Swift 2.30.1', versions: true, symlinks: true },
      ...{ honoursIfNoneMatch: true, copiesAcrossAccounts: true, readsManifests: true },
    });
    expect(describeStore(swift)).to.equal('Swift 2.30.1: volumes, images, containers');
    // What a Ceph RGW lists, with two abilities added by whoever might: it has them not.
    const rgw = abilitiesOf({
      swift: { version: '16.2.15', max_object_name_size: 1024, max_container_name_length: 255 },
      ...{
        slo: { max_manifest_segments: 500 },
        bulk_delete: {},
        symlink: {},
        object_versioning: {},
      },
    });
    expect(rgw).to.include({
      ...{ kind: 'ceph-rgw', name: 'Ceph RGW 16.2.15', versions: false, symlinks: false },
      ...{ honoursIfNoneMatch: false, copiesAcrossAccounts: false, readsManifests: false },
      ...{ largeObjects: true, manifestSegments: 500, objectNameBytes: 1_024 },
    });
    expect(describeStore(rgw)).to.equal(
      'Ceph RGW 16.2.15: volumes, images, containers without the large objects (SLO) already in it and symlinks',
    );
    expect(abilitiesOf({})).to.include({ kind: 'swift', name: 'Swift', versions: false });
    expect(containerNameFault('ab', rgw)).to.contain('2 bytes').and.contain('3 to 255');
    expect(containerNameFault('é'.repeat(128), rgw)).to.contain('256 bytes');
    expect(containerNameFault('é'.repeat(128), swift)).to.equal(undefined);
  });
});
