import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { RequestEvent } from '../../regions/http/request-event.ts';
import { abilitiesOf, type StoreAbilities } from '../../regions/object-store/abilities.ts';
import { isSameType, textOfHeader } from '../../regions/object-store/content-type.ts';
import { compareNames, encodeName } from '../../regions/object-store/names.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import type { Region } from '../../regions/region.ts';
import { collect, rejection } from '../support/rejection.ts';
import type { Suite } from './environment.ts';
import { configOf } from './support/open.ts';
import { Outsider, quoted, wire } from './support/outsider.ts';
import { removeAll } from './support/remove.ts';

const md5 = (data: Buffer) => createHash('md5').update(data).digest('hex');

export const objectStoreSuite: Suite = (environment) =>
  describe('object store', () => {
    const run = systemRandom.id();
    const plain = `regions é c?#% ${run}`;
    const other = `regions-other-${run}`;
    const versioned = `regions-versioned-${run}`;
    const events: RequestEvent[] = [];
    let east: Region;
    let store: ObjectStore;
    let outsider: Outsider;
    let can: StoreAbilities;

    before(async () => {
      const onRequest = (event: RequestEvent) => events.push(event);
      const { ambient, regions } = environment();
      east = openRegion(configOf(environment(), 'east'), { ambient, onRequest });
      outsider = await Outsider.login(regions.east);
      store = (await east.home()).objectStore;
      can = abilitiesOf(await store.info());
      await store.putContainer(plain);
      await store.putContainer(other);
      await store.putContainer(versioned, can.versions ? { 'x-versions-enabled': 'true' } : {});
    });

    after(async () => {
      for (const container of [plain, other, versioned])
        await removeAll(await east.home(), container, environment().ambient);
      outsider.close();
      await east.close();
    });

    const put = (container: string, name: string, body: string | Buffer, headers = {}) =>
      store.put(container, name, body, { contentLength: Buffer.byteLength(body), headers });
    const read = async (container: string, name: string, options = {}) =>
      (await buffer((await store.get(container, name, options))!.body)).toString();

    it('says which store it is', () => {
      expect(can.kind).to.equal(environment().regions.east.objectStore);
      const { symlinks, versions, readsManifests } = can;
      const isSwift = can.kind === 'swift';
      expect({ symlinks, versions, readsManifests }).to.deep.equal({
        ...{ symlinks: isSwift, versions: isSwift, readsManifests: isSwift },
      });
    });

    it('odd names are kept, listed in their order, page by page', async () => {
      const names = [
        ...['a/../b', '..', './x', '//double', 'ü/日本', 'sp ace', 'q?#%;&=+', 'new\nline', 'dir/'],
        ...['%41', '"q"', '\u{1F600}', '\uFFFF', 'x\u0001y', 'x'.repeat(1_024)],
      ];
      for (const name of names) await put(plain, name, `of ${name}`);
      for (const name of names) expect(await read(plain, name)).to.equal(`of ${name}`);
      const first = events.length;
      const rows = await collect(store.list(plain, { pageSize: 4 }));
      expect(events.length - first).to.equal(4);
      expect(rows.map(({ name }) => name)).to.deep.equal([...names].sort(compareNames));
      const seen = (await outsider.json(
        'object-store',
        'GET',
        `/${quoted(plain)}?format=json`,
      )) as {
        readonly name: string;
      }[];
      expect(seen.map(({ name }) => name)).to.have.members(names);
    });

    it('metadata keeps every byte, as another client sees it too', async () => {
      const headers = {
        ...{ 'content-type': 'text/x; charset="ü"', 'x-object-meta-plain': 'a b' },
        ...{ 'x-object-meta-utf8': wire('é 日本 %41'), 'x-delete-at': '1999999999' },
      };
      headers['content-type'] = wire(headers['content-type']);
      await put(other, 'meta', 'x', headers);
      const info = (await store.head(other, 'meta', { newest: true }))!;
      expect(info).to.include({
        contentType: headers['content-type'],
        deleteAtSeconds: 1_999_999_999,
      });
      expect(info.headers).to.include(headers);
      const read = (await store.get(other, 'meta'))!;
      await buffer(read.body);
      expect(read.info.headers, 'beside a body').to.include(headers);
      const [row] = await collect(store.list(other, { prefix: 'meta' }));
      const listed = can.kind === 'swift' ? 'text/x;charset="ü"' : 'text/x; charset="ü"';
      expect(row, 'in a listing').to.include({ contentType: listed });
      expect(isSameType(row!.contentType, textOfHeader(info.contentType))).to.equal(true);
      const seen = await outsider.ask('object-store', 'HEAD', `/${other}/meta`);
      expect(seen.headers).to.include({ 'x-object-meta-utf8': headers['x-object-meta-utf8'] });
      await store.postContainer(other, { 'x-container-meta-utf8': wire('ü') });
      const listing = await outsider.ask('object-store', 'GET', `/${other}?format=json`);
      expect(listing.headers).to.include({ 'x-container-meta-utf8': wire('ü') });
      await store.post(other, 'meta', { 'x-object-meta-new': '1', 'content-type': 'a/b' });
      const after = (await store.head(other, 'meta'))!.headers;
      expect(after)
        .to.include({ 'x-object-meta-new': '1' })
        .and.not.have.property('x-object-meta-utf8');
    });

    it('a stream of 32 MiB arrives whole, and a range of it comes back', async () => {
      const block = randomBytes(1024 * 1024);
      const contentLength = 32 * block.length;
      const blocks = Array.from({ length: 32 }, () => block);
      const whole = createHash('md5');
      for (const each of blocks) whole.update(each);
      const etag = whole.digest('hex');
      const written = await store.put(other, 'big', Readable.from(blocks), { contentLength, etag });
      expect(written.etag).to.equal(etag);
      const back = createHash('md5');
      for await (const chunk of (await store.get(other, 'big'))!.body) back.update(chunk as Buffer);
      expect(back.digest('hex')).to.equal(etag);
      const range = { first: block.length, last: 2 * block.length - 1 };
      const part = await buffer((await store.get(other, 'big', { range }))!.body);
      expect(part.equals(block)).to.equal(true);
    });

    it('what is cut short, too long, or not what its MD5 says leaves nothing behind', async () => {
      const stream = (bytes: number) => Readable.from([Buffer.alloc(bytes)]);
      const codes = [];
      for (const bytes of [10, 30])
        codes.push(
          (await rejection(store.put(other, 'bad', stream(bytes), { contentLength: 20 }))).code,
        );
      const etag = md5(Buffer.from('something else'));
      codes.push(
        (await rejection(store.put(other, 'bad', stream(20), { contentLength: 20, etag }))).code,
      );
      expect(codes).to.deep.equal([
        ...['object-store.invalid-request', 'object-store.invalid-request'],
        'object-store.checksum-mismatch',
      ]);
      const fault = new Error('the source is gone');
      const failing = Readable.from(
        (function* () {
          yield Buffer.alloc(10);
          throw fault;
        })(),
      );
      const work = store.put(other, 'bad', failing, { contentLength: 20 });
      expect(await work.catch((error: unknown) => error)).to.equal(fault);
      expect(await store.head(other, 'bad', { newest: true })).to.equal(null);
    });

    it('a full quota is told as such, to a stream too', async () => {
      await store.postContainer(other, { 'x-container-meta-quota-bytes': '1' });
      await environment().ambient.clock.sleep(100);
      try {
        const body = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65_536)));
        const error = await rejection(
          store.put(other, 'more', body, { contentLength: 64 * 65_536 }),
        );
        expect(error).to.include({ code: 'object-store.quota-exceeded', kind: 'permanent' });
        expect(error.message).to.match(/Upload exceeds quota|QuotaExceeded/);
      } finally {
        await store.postContainer(other, { 'x-remove-container-meta-quota-bytes': 'x' });
      }
    });

    it('large objects are read and copied as what they are', async () => {
      for (const part of ['1', '2']) await put(other, `seg ü/${part}`, part.repeat(1_000));
      const manifest = JSON.stringify(
        ['1', '2'].map((part) => ({ path: `/${other}/seg ü/${part}` })),
      );
      const contentLength = Buffer.byteLength(manifest);
      const slo = await store.put(other, 'slo', manifest, { contentLength, manifest: true });
      await put(other, 'dlo', '', { 'x-object-manifest': `${other}/${encodeName('seg ü/')}` });
      const whole = '1'.repeat(1_000) + '2'.repeat(1_000);
      const refs = (object: string) =>
        [
          { container: other, object },
          { container: other, object: `${object} copy` },
        ] as const;
      for (const object of can.readsManifests ? ['slo', 'dlo'] : ['dlo']) {
        expect(await store.copy(...refs(object), { manifest: true })).to.not.equal(null);
        expect(await read(other, `${object} copy`)).to.equal(whole);
      }
      const dlo = await store.head(other, 'dlo copy', { manifest: true });
      expect(dlo).to.include({ dloPrefix: `${other}/seg ü/`, bytes: 0 });
      if (!can.readsManifests) return expectOpaque('slo', whole);
      expect(await store.head(other, 'slo copy')).to.include({
        isSlo: true,
        etag: slo.etag,
        bytes: 2_000,
      });
      // The form that GET gives is the form that PUT takes.
      const form = await read(other, 'slo', { manifest: true });
      await store.put(other, 'slo again', form, {
        contentLength: Buffer.byteLength(form),
        manifest: true,
      });
      expect(await read(other, 'slo again')).to.equal(whole);
      const [row] = await collect(store.list(other, { prefix: 'slo', endMarker: 'slo ' }));
      expect(row).to.include({ sloEtag: slo.etag, bytes: 2_000 });
      expect(row!.hash).to.equal((await store.head(other, 'slo'))!.headers['x-manifest-etag']);
    });

    /** A large object whose store gives all that it holds, and not what it consists of. */
    async function expectOpaque(object: string, whole: string): Promise<void> {
      expect(await read(other, object)).to.equal(whole);
      const hidden = await rejection(store.get(other, object, { manifest: true }));
      expect(hidden.code).to.equal('object-store.manifest-hidden');
      const [row] = await collect(store.list(other, { prefix: object, endMarker: `${object} ` }));
      expect(row).to.include({ isOpaqueSlo: true });
    }

    it('a DLO’s own bytes are written with the MD5, and are read as themselves', async () => {
      const body = Buffer.from('its own');
      const headers = { 'x-object-manifest': `${other}/none/` };
      const options = { contentLength: body.length, etag: md5(body), headers };
      await store.put(other, 'dlo with bytes', body, options);
      expect(await read(other, 'dlo with bytes', { manifest: true })).to.equal('its own');
      expect(await read(other, 'dlo with bytes')).to.equal('');
    });

    it('an object without a type is listed as another', async () => {
      await outsider.ask('object-store', 'PUT', `/${other}/typeless`, { body: 'x' });
      const [row] = await collect(store.list(other, { prefix: 'typeless' }));
      expect(row).to.include({ name: 'typeless', bytes: 1, hash: md5(Buffer.from('x')) });
      const contentType = can.kind === 'swift' ? 'application/octet-stream' : '';
      expect(row!.contentType).to.equal(contentType);
    });

    it('copies cross containers and projects; what is missing is told apart', async () => {
      const from = { container: plain, object: 'q?#%;&=+' };
      await put(plain, from.object, 'copied');
      const to = { container: other, object: 'ü?%' };
      expect((await store.copy(from, to))!.etag).to.equal(md5(Buffer.from('copied')));
      expect(await read(other, to.object)).to.equal('copied');
      expect(await store.copy({ ...from, object: 'nothing' }, to)).to.equal(null);
      const error = await rejection(store.copy(from, { ...to, container: `no-${run}` }));
      expect(error.code).to.equal('object-store.not-found');
      const admin = await east.project('admin');
      const demo = (await east.home()).projectId;
      await store.postContainer(plain, { 'x-container-read': `${admin.projectId}:*` });
      await admin.objectStore.putContainer(other);
      const across = admin.objectStore.copy(from, to, { sourceProjectId: demo });
      if (!can.copiesAcrossAccounts) {
        expect(await across).to.equal(null);
        expect(await admin.objectStore.deleteContainer(other)).to.equal(true);
        return;
      }
      await across;
      expect(await admin.objectStore.head(other, to.object)).to.include({ bytes: 6 });
      expect(await admin.objectStore.delete(other, to.object)).to.equal(true);
      expect(await admin.objectStore.deleteContainer(other)).to.equal(true);
    });

    it('symlinks are seen as such, and as themselves in a container with versioning', async function () {
      if (!can.symlinks) this.skip();
      await put(other, 'aim', 'aim');
      const headers = { 'x-symlink-target': `${other}/aim` };
      for (const container of [plain, versioned]) {
        await put(container, 'link', '', headers);
        expect(await read(container, 'link')).to.equal('aim');
        const itself = await store.head(container, 'link', { symlink: true });
        expect(itself).to.include({ symlinkTarget: `${other}/aim`, bytes: 0 });
        const copied = { container: other, object: `link of ${container}` };
        await store.copy({ container, object: 'link' }, copied, { symlink: true });
        const copy = await store.head(other, copied.object, { symlink: true });
        expect(copy).to.include({ symlinkTarget: `${other}/aim` });
      }
      const [row] = await collect(store.list(plain, { prefix: 'link' }));
      expect(row!.symlinkPath).to.equal(`/v1/${store.account}/${other}/aim`);
    });

    it('versions are refused where there are none', async function () {
      if (can.versions) this.skip();
      await put(versioned, 'o', 'one');
      const error = await rejection(store.delete(versioned, 'o', { versionId: '1700000000.0' }));
      expect(error.code).to.equal('object-store.no-versions');
      expect(await read(versioned, 'o')).to.equal('one');
    });

    it('versions are kept, listed, read, copied and made current again', async function () {
      if (!can.versions) this.skip();
      const first = (await put(versioned, 'o', 'one', { 'x-object-meta-n': '1' })).versionId!;
      const second = (await put(versioned, 'o', 'two!')).versionId!;
      expect(await read(versioned, 'o', { versionId: first })).to.equal('one');
      const to = { container: other, object: 'old' };
      await store.copy({ container: versioned, object: 'o', versionId: first }, to);
      expect(await read(other, 'old')).to.equal('one');
      expect(await store.delete(versioned, 'o')).to.equal(true);
      expect(await store.head(versioned, 'o')).to.equal(null);
      expect(await store.restoreVersion(versioned, 'o', first)).to.equal(true);
      expect(await store.head(versioned, 'o')).to.include({ versionId: first, bytes: 3 });
      expect((await store.head(versioned, 'o'))!.headers).to.include({ 'x-object-meta-n': '1' });
      expect(await store.restoreVersion(versioned, 'o', '1700000000.00000')).to.equal(false);
      const [current] = await collect(store.list(versioned, { prefix: 'o' }));
      expect(current).to.include({ versionId: first }).and.not.have.property('symlinkPath');
      for (const pageSize of [1, 2, 3, 10_000]) {
        const options = { prefix: 'o', versions: true, pageSize };
        const rows = await collect(store.list(versioned, options));
        // Newest first: the delete marker, then the two; the restored one is the latest.
        expect(rows.slice(1).map(({ versionId }) => versionId)).to.deep.equal([second, first]);
        expect(rows.map(({ isLatest }) => isLatest)).to.deep.equal([false, false, true]);
      }
    });

    it('a container that is not empty is not deleted', async () => {
      const error = await rejection(store.deleteContainer(other));
      expect(error).to.include({ code: 'object-store.container-not-empty', kind: 'permanent' });
      expect(await store.headContainer(versioned)).to.include({ versioning: can.versions });
    });
  });
