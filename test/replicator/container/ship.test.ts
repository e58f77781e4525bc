import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { rejection } from '../../support/rejection.ts';
import { fill, oddNames, put, putSlo } from './fixture.ts';
import { Harness } from './harness.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('container mover: shipping', () => {
  let h: Harness;
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    await fill(east);
  });

  afterEach(() => h.close());

  /** Keys of the bytes in the bank. */
  const keys = () =>
    [...west.stored.get('farshore')!.current.keys()]
      .filter((name) => /^shop\/objects\/(..|large)\//.test(name))
      .map((name) => name.slice('shop/objects/'.length));

  async function assertWhole(...copies: readonly ContainerCopy[]): Promise<void> {
    for (const copy of copies)
      for (const depth of ['listing', 'content'] as const) {
        const { findings, objects } = await h.mover.verify(copy, depth, h.target());
        expect(findings).to.deep.equal([]);
        expect(objects).to.equal(copy.objects);
      }
  }

  it('stores every content once under its hash, and nothing under a name that users have', async () => {
    await put(east, 'photos', 'the same again', 'body of a b');
    const copy = await h.protect('photos', 's1');
    expect([...west.stored.keys()]).to.deep.equal(['farshore']);
    expect(copy.catalog.rows).to.equal(oddNames.length + 9);
    expect(copy.segments.map(({ container }) => container)).to.deep.equal(['photos_segments']);
    expect(copy.segments[0]).to.include({ isWhole: false });
    expect(copy.headers).to.deep.equal({
      'x-container-meta-colour': 'blue',
      'x-container-read': '.r:*,.rlistings',
    });
    expect(copy.notes).to.deep.equal([]);
    expect(copy).not.to.have.property('lacking');
    const hash = sha256('body of a b');
    expect(keys()).to.include(`${hash.slice(0, 2)}/${hash}`);
    // 14 odd ones, one target, three segments.
    expect(new Set(keys()).size).to.equal(oddNames.length + 4);
    await assertWhole(copy);
  });

  it('takes as the time of its data that of the listing less the lag that listings may have', async () => {
    const lags = [undefined, 30_000] as const;
    for (const [n, listingLagMs] of lags.entries()) {
      const more = listingLagMs === undefined ? {} : { listingLagMs };
      const nowMs = h.clock.now();
      const copy = await h.protect('photos', `lag-${n}`, null, more);
      expect(Date.parse(copy.dataTime)).to.be.within(
        nowMs - (listingLagMs ?? 5_000),
        h.clock.now() - (listingLagMs ?? 5_000),
      );
    }
  });

  it('asks for nothing but listings when nothing changed, and writes nothing', async () => {
    await east.delete('photos', 'dlo');
    for (const name of ['slo', 'nested', 'a link', 'a static link'])
      await east.delete('photos', name);
    const first = await h.protect('photos', 's1');
    east.forget();
    west.forget();
    const second = await h.protect('photos', 's2', first);
    expect(second.catalog).to.deep.equal(first.catalog);
    expect(east.requests.filter(({ object }) => object !== undefined)).to.deep.equal([]);
    expect(east.count('LIST', 'photos')).to.equal(1);
    expect(west.requests.map(({ method, object }) => `${method} ${object}`)).to.deep.equal([
      'PUT shop/objects/session',
      `GET ${first.catalog.object}`,
    ]);
    await assertWhole(second);
  });

  it('makes no request for an unchanged large object or link', async () => {
    const first = await h.protect('photos', 's1');
    east.forget();
    west.forget();
    const second = await h.protect('photos', 's2', first);
    expect(second.catalog).to.deep.equal(first.catalog);
    expect(second.segments).to.deep.equal(first.segments);
    expect(east.requests.filter(({ object }) => object !== undefined)).to.deep.equal([]);
    const catalogs = [first.catalog, ...first.segments.map(({ catalog }) => catalog)];
    const got = west.requests.filter(({ method }) => method === 'GET').map(({ object }) => object);
    expect(got, 'each once').to.have.members(catalogs.map(({ object }) => object));
    await assertWhole(second);
  });

  it('ships what changed alone; the older point keeps what it had', async () => {
    const first = await h.protect('photos', 's1');
    await put(east, 'photos', 'a b', 'new body');
    await put(east, 'photos', 'added', 'more');
    await east.delete('photos', 'z target');
    await east.delete('photos', 'a link');
    east.forget();
    const second = await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal('new body'.length + 'more'.length);
    await assertWhole(first, second);
  });

  it('writes changed metadata into the catalog, and asks for no bytes', async () => {
    const first = await h.protect('photos', 's1');
    await east.post('photos', 'a b', { 'content-type': 'text/html', 'x-object-meta-new': '1' });
    east.forget();
    west.forget();
    const second = await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal(0);
    expect(east.count('HEAD', 'photos')).to.equal(2);
    const stored = west.requests.filter(({ object }) => /objects\/..\//.test(object ?? ''));
    expect(stored).to.deep.equal([]);
    expect(second.catalog.sha256).not.to.equal(first.catalog.sha256);
    const { contents } = await h.restored(second);
    expect(contents['a b']).to.contain('text/html').and.to.contain('x-object-meta-new');
  });

  it('takes what is there when an object changes, comes or goes under way', async () => {
    let isDone = false;
    east.before = async ({ method, object }) => {
      if (isDone || method !== 'GET' || object !== 'a b') return;
      isDone = true;
      await put(east, 'photos', 'a b', 'changed under way');
      await east.delete('photos', 'z target');
      await put(east, 'photos', 'late', 'not in the listing');
    };
    const first = await h.protect('photos', 's1');
    expect(first.notes.join()).to.contain('1 objects changed after the listing');
    expect(first.notes.join()).to.contain('1 objects went after the listing');
    const { contents } = await h.restored(first);
    expect(contents['a b']).to.match(/^changed under way/);
    expect(contents).not.to.have.property('late');
    await assertWhole(first);
    east.forget();
    await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal('not in the listing'.length);
  });

  it('takes a container that went under way for lost, and not for emptied', async () => {
    east.before = ({ method, object }) => {
      if (method === 'GET' && object !== undefined) east.stored.delete('photos');
    };
    const error = await rejection(h.protect('photos', 's1'));
    expect(error.code).to.equal('container.not-found');
  });

  it('leaves out what the source cannot serve either, and says so', async () => {
    await putSlo(east, 'photos', 'broken', ['/photos_segments/big/1']);
    const first = await h.protect('photos', 's1');
    await put(east, 'photos_segments', 'big/1', 'overwritten');
    const second = await h.protect('photos', 's2', first);
    const notes = second.notes.join();
    expect(notes).to.contain('missing or another in the source').and.to.contain('broken');
    // `slo` is made of it too, and `nested` of `slo`.
    expect(second.catalog.rows).to.equal(first.catalog.rows - 2);
    await assertWhole(first, second);
  });

  it('carries an expiry, and leaves out what is about to expire', async () => {
    const nowSeconds = h.clock.now() / 1000;
    await put(east, 'photos', 'soon', 'x', { 'x-delete-at': String(nowSeconds + 30) });
    await put(east, 'photos', 'later', 'x', { 'x-delete-at': String(nowSeconds + 9_000_000) });
    const copy = await h.protect('photos', 's1');
    expect(copy.notes.join()).to.contain('1 objects expired or were about to');
    await h.restored(copy);
    const live = west.stored.get('photos')!.current;
    expect(live.has('soon')).to.equal(false);
    expect(live.get('later')!.deleteAtSeconds).to.equal(nowSeconds + 9_000_000);
  });

  it('ships again what is known to be damaged, within the same session too, and heals older points', async () => {
    const first = await h.protect('photos', 's1');
    const hash = sha256('body of a b');
    const key = `${hash.slice(0, 2)}/${hash}`;
    const bank = west.stored.get('farshore')!.current;
    const link = bank.get(`shop/objects/${key}`)!;
    Object.assign(link.stored, { body: Buffer.from('body of a c') });
    const seen = await h.mover.verify(first, 'content', h.target());
    expect(seen.findings).to.have.length(1);
    expect(seen.findings[0]).to.include({
      subject: 'photos/a b',
      stored: key,
      problem: 'altered',
    });
    east.forget();
    const session = { damage: seen.findings };
    const second = await h.protect('photos', 's2', first, session);
    expect(east.bytesOut).to.equal('body of a b'.length);
    await assertWhole(first, second);
    // Found in the session that just shipped it.
    bank.delete(`shop/objects/${key}`);
    const missing = await h.mover.verify(second, 'listing', h.target());
    expect(missing.findings.map(({ stored, problem }) => [stored, problem])).to.deep.equal([
      [key, 'missing'],
    ]);
    const again = await h.protect('photos', 's2', second, { damage: missing.findings });
    await assertWhole(first, again);
  });

  it('tells of every object that a damaged content belongs to', async () => {
    await put(east, 'photos', 'twin', 'body of a b');
    const copy = await h.protect('photos', 's1');
    const hash = sha256('body of a b');
    west.stored.get('farshore')!.current.delete(`shop/objects/${hash.slice(0, 2)}/${hash}`);
    for (const depth of ['listing', 'content'] as const) {
      const { findings } = await h.mover.verify(copy, depth, h.target());
      expect(findings.map(({ subject }) => subject)).to.have.members(['photos/a b', 'photos/twin']);
    }
  });

  it('reads the source again when the catalog before is lost', async () => {
    const first = await h.protect('photos', 's1');
    await west.delete('farshore', first.catalog.object);
    const verified = await h.mover.verify(first, 'listing', h.target());
    expect(verified.findings[0]).to.include({ problem: 'missing', stored: first.catalog.object });
    const second = await h.protect('photos', 's2', first);
    expect(second.catalog.sha256).to.equal(first.catalog.sha256);
    await assertWhole(second);
  });

  it('notes versioning and keys that it cannot carry, and writes no key down', async () => {
    await east.postContainer('photos', {
      'x-container-meta-temp-url-key': 'hush',
      'x-versions-location': 'archive',
    });
    const session = h.session('s1');
    const ref = { kind: 'container', id: 'photos', name: 'photos' } as const;
    const capture = await h.mover.capture(ref, session);
    const copy = await h.mover.ship(capture, null, session);
    expect(JSON.stringify([capture, copy])).not.to.contain('hush');
    expect(copy.notes.join()).to.contain('x-versions-location').and.to.contain('temporary URLs');
  });

  it('leaves out what its own fence set, and keeps what was there before', async () => {
    const fence = { 'x-container-meta-quota-count': '0' };
    await east.postContainer('photos', { ...fence, 'x-container-meta-farshore-fenced': 'none' });
    const plain = await h.protect('photos', 's1');
    expect(plain.headers).not.to.have.property('x-container-meta-quota-count');
    await east.postContainer('photos', { 'x-container-meta-farshore-fenced': '500' });
    const limited = await h.protect('photos', 's2');
    expect(limited.headers).to.have.property('x-container-meta-quota-count', '500');
    expect(limited.headers).not.to.have.property('x-container-meta-farshore-fenced');
  });

  it('reads once what two members need', async () => {
    const session = h.session('s1');
    const copies: ContainerCopy[] = [];
    for (const id of ['photos', 'photos_segments']) {
      const capture = await h.mover.capture({ kind: 'container', id, name: id }, session);
      copies.push(await h.mover.ship(capture, null, session));
    }
    const got = east.requests.filter(
      ({ method, object }) => method === 'GET' && object === 'big/1',
    );
    expect(got).to.have.length(1);
    expect(copies[1]).to.include({ isWhole: true });
    await assertWhole(...copies);
  });

  it('takes a source that keeps versions for what it shows', async () => {
    const versioned = new MemoryObjectStore({ account: 'AUTH_versioned' });
    await versioned.putContainer('photos', { 'x-versions-enabled': 'true' });
    await fill(versioned);
    const other = await Harness.open(versioned, west);
    const copy = await other.protect('photos', 's1');
    expect(copy.notes.join()).to.contain('keeps versions');
    const { contents } = await other.restored(copy);
    expect(contents).to.deep.equal(await other.contents(versioned, 'photos'));
    expect(west.stored.get('photos')!.current.get('a link')!.stored.symlink?.target).to.equal(
      'photos/z target',
    );
    await other.close();
  });

  it('keeps names of Swift’s full length, which no version could bear', async () => {
    await put(east, 'photos', 'n'.repeat(1024), 'x');
    const copy = await h.protect('photos', 's1');
    const { contents } = await h.restored(copy);
    expect(contents).to.have.property('n'.repeat(1024));
  });

  describe('what one object cannot', () => {
    it('isolates one that the source does not give, names it, and proves the rest', async () => {
      east.before = ({ method, object }) => {
        if (method === 'GET' && object === 'a b')
          throw refusal(undefined, 'GET', 'photos/a b', 'region.unexpected-answer');
        if (method === 'GET' && object === '.hidden') throw refusal(400, 'GET', 'photos/.hidden');
      };
      const copy = await h.protect('photos', 's1');
      expect(copy.lacking).to.equal(2);
      expect(copy.lacks!.map(({ object }) => object)).to.have.members([
        'photos/.hidden',
        'photos/a b',
      ]);
      expect(copy.catalog.rows).to.equal(oddNames.length + 8 - 2);
      await assertWhole(copy);
      const { notes } = await h.restored(copy);
      expect(notes.join()).to.contain('the point lacks 2 objects').and.to.contain('a b');
      east.before = undefined;
      const second = await h.protect('photos', 's2', copy);
      expect(second).not.to.have.property('lacking');
      expect(second.catalog.rows).to.equal(oddNames.length + 8);
    });

    it('isolates one that the source does not let it read, and none where it may do nothing', async () => {
      const closed = 'region.right-missing';
      east.before = ({ method, object }) => {
        if (method === 'GET' && object === 'a b') throw refusal(403, 'GET', 'photos/a b', closed);
      };
      const copy = await h.protect('photos', 's1');
      expect(copy.lacks!.map(({ object }) => object)).to.deep.equal(['photos/a b']);
      await assertWhole(copy);
      west.before = ({ method }) => {
        if (method === 'PUT') throw refusal(403, 'PUT', 'bank', closed);
      };
      await put(east, 'photos', 'new', 'new');
      const error = await rejection(h.protect('photos', 's2', copy));
      expect(error).to.have.property('code', closed);
    });

    it('isolates one that the bank does not take, and tries the innocent others again', async () => {
      const hash = sha256('body of a b');
      let busy = 10;
      west.before = ({ method, object }) => {
        if (method !== 'PUT') return;
        if (object?.endsWith(hash) === true) throw refusal(503, 'PUT', object);
        if (/objects\/..\//.test(object ?? '') && busy-- > 0) throw refusal(503, 'PUT', 'innocent');
      };
      const copy = await h.protect('photos', 's1');
      expect(copy.lacks!.map(({ object }) => object)).to.deep.equal(['photos/a b']);
      await assertWhole(copy);
    });

    it('leaves out, and names, a large object whose segment could not be read', async () => {
      east.before = ({ method, object }) => {
        if (method === 'GET' && object === 'big/3') throw refusal(400, 'GET', 'big/3');
      };
      const copy = await h.protect('photos', 's1');
      expect(copy.lacks!.map(({ object }) => object)).to.have.members([
        'photos/nested',
        'photos_segments/big/3',
      ]);
    });

    it('does not take a service that fails for everything for a failing object', async () => {
      west.before = ({ method }) => {
        if (method === 'PUT') throw refusal(503, 'PUT', 'x');
      };
      const error = await rejection(h.protect('photos', 's1'));
      expect(error).to.have.property('kind', 'transient');
    });

    it('refuses bytes that are not what the store says they are, once and for all', async () => {
      const link = east.stored.get('photos')!.current.get('a b')!;
      Object.assign(link.stored, { etag: 'd'.repeat(32) });
      const copy = await h.protect('photos', 's1');
      expect(copy.lacks!.map(({ object }) => object)).to.deep.equal(['photos/a b']);
      const read = east.requests.filter(
        ({ method, object }) => method === 'GET' && object === 'a b',
      );
      expect(read).to.have.length(2);
    });

    it('never takes the nothing that stands for a large object for the object', async () => {
      const list = east.list.bind(east);
      east.list = async function* (name, options) {
        for await (const row of list(name, options))
          yield row.name === 'empty' ? { ...row, bytes: 4096 } : row;
      };
      const marked = east.stored.get('photos')!.current.get('folder/')!;
      marked.stored.headers = { 'x-object-meta-static-large-object': 'True' };
      const copy = await h.protect('photos', 's1');
      expect(copy.lacks!.map(({ object }) => object)).to.have.members([
        'photos/empty',
        'photos/folder/',
      ]);
    });

    it('stores an object whose ETag is no MD5, by the hash of what came', async () => {
      const link = east.stored.get('photos')!.current.get('a b')!;
      Object.assign(link.stored, { etag: `${'a'.repeat(32)}-2` });
      const copy = await h.protect('photos', 's1');
      expect(copy).not.to.have.property('lacking');
      await assertWhole(copy);
    });
  });

  it('ships what links lead to, and says of those that lead to nothing', async () => {
    await east.putContainer('elsewhere');
    await put(east, 'elsewhere', 't', 'the target');
    await put(east, 'elsewhere', 'other', 'nothing of ours');
    const link = { 'content-type': 'application/symlink' };
    await put(east, 'photos', 'out', '', { ...link, 'x-symlink-target': 'elsewhere/t' });
    await put(east, 'photos', 'dead', '', { ...link, 'x-symlink-target': 'elsewhere/none' });
    const copy = await h.protect('photos', 's1');
    expect(copy.notes.join()).to.contain('refer to what does not exist').and.to.contain('dead');
    await h.restored(copy);
    const read = await west.get('photos', 'out');
    expect((await read!.body.toArray()).join('')).to.equal('the target');
    expect([...west.stored.get('elsewhere')!.current.keys()]).to.deep.equal(['t']);
  });

  it('keeps a dynamic large object that has bytes of its own, with its segments', async () => {
    await put(east, 'photos', 'with body', 'bytes of its own', {
      'x-object-manifest': 'photos_segments/big/',
    });
    const copy = await h.protect('photos', 's1');
    await h.restored(copy);
    const whole = await west.get('photos', 'with body');
    expect((await whole!.body.toArray()).join('')).to.equal('segment 1;segment 2;segment 3;');
    const own = await west.get('photos', 'with body', { manifest: true });
    expect((await own!.body.toArray()).join('')).to.equal('bytes of its own');
  });
});
