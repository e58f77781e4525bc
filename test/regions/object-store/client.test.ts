import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import { createObjectStore } from '../../../regions/object-store/client.ts';
import { openObject, wholeBytes } from '../../../regions/object-store/open-object.ts';
import type { Reply } from '../../support/http-server.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { row, withStore } from './store-rig.ts';

/** Swift's listing of these names: by marker and limit, in the order given. */
function pageOf(names: readonly string[], url: string): Reply {
  const query = new URL(url, 'http://x').searchParams;
  const marker = query.get('marker');
  const from = marker === null ? 0 : names.indexOf(marker) + 1;
  const page = names.slice(from, from + Number(query.get('limit')));
  return { status: 200, body: page.map((name) => row(name)) };
}

describe('listings', () => {
  const names = ['a', 'b&c', 'd/é', 'e', 'f', 'g'];

  it('are followed to the end, one request a page', () =>
    withStore(
      ({ url }) => pageOf(names, url),
      async (store, _, calls) => {
        const rows = await collect(store.list('c', { pageSize: 4 }));
        expect(rows.map(({ name }) => name)).to.deep.equal(names);
        expect(calls()).to.deep.equal([
          'GET /c?format=json&limit=4',
          'GET /c?format=json&marker=e&limit=4',
        ]);
      },
    ));

  it('end with an empty page when the last one was full', () =>
    withStore(
      ({ url }) => pageOf(names, url),
      async (store, _, calls) => {
        expect(await collect(store.list('c', { pageSize: 3 }))).to.have.lengthOf(6);
        expect(calls().slice(1)).to.deep.equal([
          'GET /c?format=json&marker=d%2F%C3%A9&limit=3',
          'GET /c?format=json&marker=g&limit=3',
        ]);
      },
    ));

  it('are asked for only as far as they are read, and in pages of 10,000', () =>
    withStore(
      ({ url }) => pageOf(names, url),
      async (store, _, calls) => {
        const options = { prefix: 'p/', marker: 'a', endMarker: 'z' };
        for await (const { name } of store.list('c', options)) if (name === 'b&c') break;
        expect(calls()).to.deep.equal([
          'GET /c?format=json&prefix=p%2F&marker=a&end_marker=z&limit=10000',
        ]);
      },
    ));

  it('have the next page on its way before the rows of one are through, and let it go when it is not wanted', async () => {
    let cutOff: Promise<unknown> | undefined;
    await withStore(
      ({ url }, response) => {
        if (!url.includes('marker=')) return pageOf(names, url);
        cutOff = new Promise((resolve) => response.on('close', resolve));
        return undefined;
      },
      async (store) => {
        for await (const { name } of store.list('c', { pageSize: 3 })) {
          if (name !== names[2]) continue;
          while (cutOff === undefined) await systemClock.sleep(5);
          break;
        }
        await cutOff;
      },
    );
  });

  it('give the rows of one page whatever becomes of the next', () =>
    withStore(
      ({ url }) => (url.includes('marker=') ? { status: 200, body: [{}] } : pageOf(names, url)),
      async (store) => {
        const found: string[] = [];
        const error = await rejection(
          (async () => {
            for await (const { name } of store.list('c', { pageSize: 3 })) {
              await systemClock.sleep(20);
              found.push(name);
            }
          })(),
        );
        expect(error.code).to.equal('region.answer-malformed');
        expect(found).to.deep.equal(names.slice(0, 3));
      },
    ));

  it('tell a user’s symlink from the link to a version', () =>
    withStore(
      () => ({
        status: 200,
        body: [
          row('link', { symlink_path: '/v1/AUTH_p1/c%3F/to%20me' }),
          row('slo', { slo_etag: '"abc"', symlink_path: '/v1/AUTH_p1/c/slo?version-id=17.5' }),
        ],
      }),
      async (store) => {
        const [link, slo] = await collect(store.list('c'));
        expect(link).to.include({ symlinkPath: '/v1/AUTH_p1/c?/to me' });
        expect(link).to.not.have.property('versionId');
        expect(slo).to.include({ versionId: '17.5', sloEtag: 'abc' });
        expect(slo).to.not.have.property('symlinkPath');
      },
    ));

  it('of versions name one latest, though Swift calls a delete marker below it so too', () => {
    const version = (version_id: string, more: object) => row('o', { version_id, ...more });
    const deleted = { content_type: 'application/x-deleted;swift_versions_deleted=1' };
    const body = [
      row('gone', { version_id: '4', is_latest: true, ...deleted }),
      version('3', { is_latest: true, ...deleted }),
      version('2', { is_latest: false }),
      version('1', { is_latest: true }),
    ];
    return withStore(
      () => ({ status: 200, body }),
      async (store, _, calls) => {
        const rows = await collect(store.list('c', { versions: true, endMarker: 'p' }));
        const latest = rows.map(({ versionId, isLatest }) => [versionId, isLatest]);
        expect(latest).to.deep.equal([
          ...[
            ['4', true],
            ['3', false],
          ],
          ['2', false],
          ['1', true],
        ]);
        // No end marker: Swift does not know it here.
        expect(calls()).to.deep.equal(['GET /c?format=json&versions=true&limit=10000']);
      },
    );
  });

  it('end where a store gives more rows than asked for, or the same ones again', async () => {
    const pages = (names: readonly string[]) => ({
      status: 200,
      body: names.map((name) => row(name)),
    });
    for (const [names, what] of [
      [['a', 'b', 'c'], '3 rows, 2 were asked for'],
      [['a', 'b'], 'does not go on'],
    ] as const)
      await withStore(
        () => pages(names),
        async (store) => {
          const error = await rejection(collect(store.list('c', { pageSize: 2 })));
          expect(error.code).to.equal('region.answer-malformed');
          expect(error.hint).to.contain(what);
        },
      );
  });

  it('fail for a container that is not there, or an answer that is none', async () => {
    const body = '<html><h1>Not Found</h1><p>The resource could not be found.</p></html>';
    await withStore(
      () => ({ status: 404, body }),
      async (store) => {
        const error = await rejection(collect(store.list('c')));
        expect(error).to.include({ code: 'object-store.not-found', subject: 'c' });
      },
    );
    await withStore(
      () => ({ status: 200, body: [{ name: 5 }] }),
      async (store) => {
        const error = await rejection(collect(store.list('c')));
        expect(error.code).to.equal('region.answer-malformed');
      },
    );
  });
});

describe('objects', () => {
  const headers = {
    etag: '"abc"',
    'content-type': 'text/plain',
    'x-timestamp': '1795253101.51950',
    'x-object-version-id': '1795253101.51950',
    'x-static-large-object': 'True',
    'x-object-manifest': 'seg%20s/a%2Fb',
    'x-delete-at': '1999999999',
  };

  it('are described by their headers', () =>
    withStore(
      () => ({ status: 200, headers: { ...headers, 'content-length': '0' } }),
      async (store, seen, calls) => {
        const info = await store.head('c', 'o', { newest: true, versionId: '1', ifMatch: 'abc' });
        expect(info).to.include({
          ...{ bytes: 0, etag: 'abc', contentType: 'text/plain', versionId: '1795253101.51950' },
          ...{ lastModified: '2026-11-21T09:25:01.519500', isSlo: true, dloPrefix: 'seg s/a/b' },
          deleteAtSeconds: 1_999_999_999,
        });
        expect(calls()).to.deep.equal(['HEAD /c/o?version-id=1']);
        expect(seen.at(-1)!.headers).to.include({ 'x-newest': 'true', 'if-match': 'abc' });
      },
    ));

  it('that are not there are null or false, without further ado', () =>
    withStore(
      ({ method, url }) => ({
        status: method === 'HEAD' && url.endsWith('/target') ? 204 : 404,
        body: 'no',
      }),
      async (store) => {
        expect(await store.head('c', 'o')).to.equal(null);
        expect(await store.get('c', 'o')).to.equal(null);
        expect(await store.post('c', 'o', {})).to.equal(false);
        expect(await store.delete('c', 'o')).to.equal(false);
        expect(await store.restoreVersion('c', 'o', '1')).to.equal(false);
        expect(await store.headContainer('c')).to.equal(null);
        expect(await store.deleteContainer('c')).to.equal(false);
        const from = { container: 'c', object: 'o' };
        expect(await store.copy(from, { container: 'target', object: 'o' })).to.equal(null);
        const error = await rejection(store.copy(from, { container: 'none', object: 'o' }));
        expect(error).to.include({ code: 'object-store.not-found', subject: 'none' });
      },
    ));

  it('are written with their exact length and the MD5 to check', () =>
    withStore(
      () => ({
        status: 201,
        headers: { etag: 'abc', 'last-modified': 'Sat, 21 Nov 2026 08:00:01 GMT' },
      }),
      async (store, seen, calls) => {
        const md5 = '900150983cd24fb0d6963f7d28e17f72';
        const meta = { 'x-object-meta-a': Buffer.from('é').toString('latin1') };
        const written = await store.put('c', 'ö', 'é', {
          contentLength: 2,
          etag: md5,
          headers: meta,
        });
        expect(written).to.deep.equal({ etag: 'abc', lastModified: '2026-11-21T08:00:01.000000' });
        await store.put('c', 'slo', '[]', { contentLength: 2, manifest: true });
        expect(calls()).to.deep.equal(['PUT /c/%C3%B6', 'PUT /c/slo?multipart-manifest=put']);
        expect(seen[0]!.headers).to.include({ 'content-length': '2', etag: md5, ...meta });
        expect(seen[0]!.body.toString()).to.equal('é');
      },
    ));

  it('are copied inside Swift, from other projects and versions too', () =>
    withStore(
      () => ({ status: 201 }),
      async (store, seen, calls) => {
        const from = { container: 'c d', object: 'a/ü?', versionId: '1.5' };
        await store.copy(
          from,
          { container: 't', object: 'o' },
          { sourceProjectId: 'p2', manifest: true },
        );
        expect(calls()).to.deep.equal(['PUT /t/o?version-id=1.5&multipart-manifest=get']);
        expect(seen.at(-1)!.headers).to.include({
          ...{ 'x-copy-from': '/c%20d/a/%C3%BC%3F', 'x-copy-from-account': 'AUTH_p2' },
          'content-length': '0',
        });
      },
    ));

  it('that are symlinks in a container with versioning are found behind the link to the version', () =>
    withStore(
      ({ method, url }) => {
        if (method === 'PUT') return { status: 201 };
        const target = url.includes('version-id=7') ? 'to/here' : 'c/o%20?version-id=7';
        return {
          status: 200,
          headers: { 'x-symlink-target': target, 'x-object-version-id': '7' },
        };
      },
      async (store, _, calls) => {
        const info = await store.head('c', 'o ', { symlink: true });
        expect(info).to.include({ symlinkTarget: 'to/here', versionId: '7' });
        const from = { container: 'c', object: 'o ' };
        await store.copy(from, { container: 't', object: 'o' }, { symlink: true });
        expect(calls().at(-1)).to.equal('PUT /t/o?version-id=7&symlink=get');
      },
    ));

  it('that are small come whole, and nothing is kept of what is larger', () =>
    withStore(
      ({ url }) =>
        url.includes('none')
          ? { status: 404 }
          : { status: 200, headers: { 'content-length': '100' }, body: 'x'.repeat(100) },
      async (store) => {
        const whole = await store.getWhole('c', 'o', { mostBytes: 100 });
        if (whole === null || whole === 'larger') expect.fail('it is not whole');
        expect(whole.content.toString()).to.equal('x'.repeat(100));
        expect(whole.info.bytes).to.equal(100);
        expect(await store.getWhole('c', 'o', { mostBytes: 99 })).to.equal('larger');
        expect(await store.getWhole('c', 'none', { mostBytes: 100 })).to.equal(null);
      },
    ));

  it('opened by a length that is no longer right come as a stream', () =>
    withStore(
      () => ({ status: 200, body: Buffer.alloc(wholeBytes + 1) }),
      async (store) => {
        const opened = await openObject(store, { container: 'c', object: 'o', bytes: 7 }, {});
        if (opened === null || 'content' in opened) expect.fail('it is no stream');
        expect(await buffer(opened.body)).to.have.lengthOf(wholeBytes + 1);
      },
    ));

  it('deleted with a page that has no end are deleted all the same', () =>
    withStore(
      () => ({ status: 404, body: 'x'.repeat(10_000_000) }),
      async (store, seen) => {
        expect(await store.delete('c', 'o')).to.equal(false);
        expect(await store.get('c', 'o')).to.equal(null);
        expect(seen).to.have.lengthOf(2);
      },
    ));

  it('of a container that is not empty keep it from being deleted', () =>
    withStore(
      () => ({ status: 409 }),
      async (store) => {
        const error = await rejection(store.deleteContainer('c'));
        expect(error).to.include({ code: 'object-store.container-not-empty', kind: 'permanent' });
      },
    ));

  it('of another project are not looked for in an account of unknown name', () =>
    withStore(
      () => ({ status: 201 }),
      async (_, seen) => {
        const session = { region: 'east', service: 'object-store', projectId: 'p1' } as never;
        const store = createObjectStore(session, 'tenant-of-mine');
        const from = { container: 'c', object: 'o' };
        const work = store.copy(from, { container: 't', object: 'o' }, { sourceProjectId: 'p2' });
        expect((await rejection(work)).code).to.equal('object-store.account-unknown');
        expect(seen).to.have.lengthOf(0);
      },
    ));
});
