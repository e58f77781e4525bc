import { expect } from 'chai';
import { isMd5 } from '../../../regions/object-store/etag.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { row, swiftInfo, withStore } from './store-rig.ts';

describe('Ceph RGW', () => {
  const info = {
    bulk_delete: {},
    container_quotas: {},
    swift: { version: '16.2.15', max_object_name_size: 1024, max_container_name_length: 255 },
    slo: { max_manifest_segments: 1000 },
  };
  const empty = 'd41d8cd98f00b204e9800998ecf8427e';

  it('lists an object without a type, an SLO as its manifest, one put in parts with no MD5', () =>
    withStore(
      () => ({
        status: 200,
        body: [
          { ...row('none', { hash: empty, bytes: 0 }), content_type: undefined },
          row('slo', { hash: empty, bytes: 221 }),
          row('parts', { hash: '7e9b3ae2e7b8a4d5b8ad3f0f0c4b1a2d-2', bytes: 10_485_760 }),
        ],
      }),
      async (store) => {
        const rows = await collect(store.list('c'));
        expect(rows.map(({ contentType }) => contentType)).to.deep.equal(['', 'a/b', 'a/b']);
        expect(rows.map(({ isOpaqueSlo }) => isOpaqueSlo)).to.deep.equal([
          undefined,
          true,
          undefined,
        ]);
        expect(rows.map(({ hash }) => isMd5(hash))).to.deep.equal([true, true, false]);
      },
      info,
    ));

  it('is not sent an ETag that is no MD5', () =>
    withStore(
      () => ({ status: 201 }),
      async (store, seen) => {
        const etag = '7e9b3ae2e7b8a4d5b8ad3f0f0c4b1a2d-2';
        await store.put('c', 'o', 'x', { contentLength: 1, etag });
        expect(seen[0]!.headers).not.to.have.property('etag');
      },
      info,
    ));

  it('is not sent the MD5 of the bytes of a DLO, nor is what it calls so sent on', async () => {
    const md5 = '900150983cd24fb0d6963f7d28e17f72';
    const headers = { 'x-object-manifest': 'c/parts/' };
    for (const [told, etag, sent] of [
      [info, md5, undefined],
      [swiftInfo, md5, md5],
      [swiftInfo, empty, undefined],
    ] as const)
      await withStore(
        () => ({ status: 201 }),
        async (store, seen) => {
          await store.put('c', 'dlo', 'abc', { contentLength: 3, etag, headers });
          expect(seen.at(-1)!.headers.etag).to.equal(sent);
        },
        told,
      );
  });

  it('gives no manifest, which is an error and not an object of no bytes', async () => {
    const opaque = { 'content-length': '0', 'x-object-meta-static-large-object': 'True' };
    await withStore(
      () => ({ status: 200, headers: opaque }),
      async (store) => {
        const error = await rejection(store.get('c', 'slo', { manifest: true }));
        expect(error).to.include({
          code: 'object-store.manifest-hidden',
          kind: 'permanent',
          subject: 'c/slo',
        });
        const whole = await store.get('c', 'slo');
        expect(whole).not.to.equal(null);
        whole?.body.destroy();
      },
      info,
    );
    // In Swift anybody may give his object that metadata.
    await withStore(
      () => ({ status: 200, headers: { ...opaque, 'content-length': '1' }, body: 'x' }),
      async (store) => {
        const own = await store.get('c', 'o', { manifest: true });
        expect(own?.info.bytes).to.equal(1);
        own?.body.destroy();
      },
    );
  });

  it('would take the object for a version of it: nothing of that is sent', () =>
    withStore(
      () => ({ status: 204 }),
      async (store, _, calls) => {
        const at = { container: 'c', object: 'o', versionId: '1.5' };
        for (const work of [
          store.delete('c', 'o', { versionId: '1.5' }),
          store.restoreVersion('c', 'o', '1.5'),
          store.get('c', 'o', { versionId: '1.5' }),
          store.head('c', 'o', { versionId: '1.5' }),
          store.copy(at, { container: 't', object: 'o' }),
          collect(store.list('c', { versions: true })),
        ])
          expect(await rejection(work)).to.include({
            code: 'object-store.no-versions',
            kind: 'permanent',
          });
        expect(calls()).to.deep.equal([]);
      },
      info,
    ));
});
