import { expect } from 'chai';
import { md5 } from '../../support/memory/swift-large.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { rejection } from '../../support/rejection.ts';
import { fill, oddNames, put, putSlo } from './fixture.ts';
import { contents, Harness } from './harness.ts';

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

  it('brings everything to a mirror of the same name, segments first', async () => {
    const copy = await h.protect('photos', 's1');
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    expect(await contents(west, 'photos_segments')).to.deep.equal(
      await contents(east, 'photos_segments'),
    );
    expect(copy.catalog.rows).to.equal(oddNames.length + 8);
    expect(copy.segments.map(({ container }) => container)).to.deep.equal(['photos_segments']);
    expect(copy.headers).to.deep.equal({
      'x-container-meta-colour': 'blue',
      'x-container-read': '.r:*,.rlistings',
    });
    expect(copy.notes).to.deep.equal([]);
    const puts = west.requests.filter(({ method }) => method === 'PUT').map(({ object }) => object);
    for (const chain of [
      ['z target', 'big/3', 'slo', 'dlo', 'a link'],
      ['slo', 'nested'],
    ]) {
      const last = chain.map((name) => puts.lastIndexOf(name));
      expect(last).to.deep.equal([...last].sort((a, b) => a - b));
    }
    for (const depth of ['listing', 'content'] as const) {
      const { findings, objects } = await h.mover.verify(copy, depth, h.target());
      expect(findings).to.deep.equal([]);
      expect(objects).to.equal(copy.objects);
    }
  });

  it('ships nothing and asks for one listing a page when nothing changed', async () => {
    const first = await h.protect('photos', 's1');
    east.forget();
    west.forget();
    const second = await h.protect('photos', 's2', first);
    const verified = await h.mover.verify(second, 'listing', h.target());
    expect(verified.damaged).to.equal(0);
    expect(second.catalog).to.deep.equal(first.catalog);
    const ofObjects = east.requests.filter(({ object }) => object !== undefined);
    expect(ofObjects).to.deep.equal([]);
    expect(east.count('LIST', 'photos')).to.equal(1);
    expect(east.count('LIST', 'photos_segments')).to.equal(1);
    expect(west.count('LIST', 'photos')).to.equal(1);
    expect(west.count('LIST', 'photos_segments')).to.equal(1);
    expect(east.bytesOut).to.equal(0);
    expect(west.bytesIn).to.equal(0);
    expect(west.requests.filter(({ method }) => method === 'PUT')).to.deep.equal([]);
  });

  it('ships what changed alone, and deletes by markers', async () => {
    const first = await h.protect('photos', 's1');
    await put(east, 'photos', 'a b', 'new body');
    await put(east, 'photos', 'added', 'more');
    await east.delete('photos', 'z target');
    await east.delete('photos', 'a link');
    east.forget();
    const second = await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal('new body'.length + 'more'.length);
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    for (const copy of [first, second])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
    expect((await h.mover.verify(first, 'listing', h.target())).findings).to.deep.equal([]);
  });

  it('makes a new version for changed metadata, of bytes that are there', async () => {
    const first = await h.protect('photos', 's1');
    await east.post('photos', 'a b', { 'content-type': 'text/html', 'x-object-meta-new': '1' });
    east.forget();
    west.forget();
    const second = await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal(0);
    expect(west.count('COPY')).to.equal(1);
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    for (const copy of [first, second])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
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
    const seen = await contents(west, 'photos');
    expect(seen['a b']).to.match(/^changed under way/);
    expect(seen).not.to.have.property('late');
    expect((await h.mover.verify(first, 'content', h.target())).findings).to.deep.equal([]);
    east.forget();
    const second = await h.protect('photos', 's2', first);
    expect(east.bytesOut).to.equal('not in the listing'.length);
    expect(second.notes).to.deep.equal([]);
  });

  it('leaves out what the source cannot serve either, and says so', async () => {
    await putSlo(east, 'photos', 'broken', ['/photos_segments/big/1']);
    const first = await h.protect('photos', 's1');
    await east.delete('photos_segments', 'big/1');
    await east.post('photos', 'broken', { 'content-type': 'video/y' });
    const second = await h.protect('photos', 's2', first);
    expect(second.notes.join()).to.contain('point at what is missing');
    expect(second.notes.join()).to.contain('broken');
    expect(second.catalog.rows).to.equal(first.catalog.rows - 1);
  });

  it('finds a large object that broke in the source, and leaves it out from then on', async () => {
    const first = await h.protect('photos', 's1');
    await put(east, 'photos_segments', 'big/3', 'no longer what `nested` was made of');
    const second = await h.protect('photos', 's2', first);
    const { findings } = await h.mover.verify(second, 'content', h.target());
    expect(findings.map(({ subject }) => subject)).to.deep.equal(['photos/nested']);
    const third = await h.protect('photos', 's3', second, { damage: findings });
    expect(third.notes.join()).to.contain('nested');
    for (const copy of [first, third])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
  });

  it('carries an expiry, and leaves out what is about to expire', async () => {
    const nowSeconds = h.clock.now() / 1000;
    await put(east, 'photos', 'soon', 'x', { 'x-delete-at': String(nowSeconds + 30) });
    await put(east, 'photos', 'later', 'x', { 'x-delete-at': String(nowSeconds + 9_000_000) });
    const copy = await h.protect('photos', 's1');
    const mirrored = west.stored.get('photos')!.current;
    expect(mirrored.has('soon')).to.equal(false);
    expect(mirrored.get('later')!.deleteAtSeconds).to.equal(nowSeconds + 9_000_000);
    expect(copy.notes.join()).to.contain('1 objects expired or were about to');
    const second = await h.protect('photos', 's2', copy);
    expect(second.catalog.rows).to.equal(copy.catalog.rows);
  });

  it('repairs what is known to be damaged, and ships nothing else', async () => {
    const first = await h.protect('photos', 's1');
    const versions = west.stored.get('photos')!.versions;
    const [version] = versions.get('a b')!;
    versions.set('a b', [{ ...version!, body: Buffer.from('rotten') }]);
    versions.delete('empty');
    const { findings } = await h.mover.verify(first, 'content', h.target());
    expect(findings.map(({ subject, problem }) => [subject, problem])).to.deep.equal([
      ['photos/a b', 'truncated'],
      ['photos/empty', 'missing'],
    ]);
    east.forget();
    const second = await h.protect('photos', 's2', first, { damage: findings });
    expect(east.bytesOut).to.equal('body of a b'.length);
    expect((await h.mover.verify(second, 'content', h.target())).findings).to.deep.equal([]);
    expect((await h.mover.verify(first, 'content', h.target())).damaged).to.equal(2);
  });

  it('finds what lies in the mirror when the catalog before is lost', async () => {
    const first = await h.protect('photos', 's1');
    await west.delete('farshore', first.catalog.object);
    const verified = await h.mover.verify(first, 'listing', h.target());
    expect(verified.findings[0]).to.include({ problem: 'missing', subject: first.catalog.object });
    east.forget();
    const second = await h.protect('photos', 's2', first);
    // Manifests are shipped again; no object's bytes are.
    const fetched = east.requests.filter(({ method }) => method === 'GET').map((r) => r.object);
    expect(new Set(fetched)).to.deep.equal(new Set(['slo', 'nested']));
    expect((await h.mover.verify(second, 'content', h.target())).findings).to.deep.equal([]);
  });

  it('ships everything again into a mirror that someone removed', async () => {
    const first = await h.protect('photos', 's1');
    west.stored.delete('photos');
    const second = await h.protect('photos', 's2', first);
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    expect((await h.mover.verify(second, 'content', h.target())).findings).to.deep.equal([]);
  });

  it('refuses a container that is not its own, untouched', async () => {
    await west.putContainer('photos');
    await put(west, 'photos', 'theirs', 'x');
    const error = await rejection(h.protect('photos', 's1'));
    expect(error.code).to.equal('container.mirror-foreign');
    expect([...west.stored.get('photos')!.current.keys()]).to.deep.equal(['theirs']);
    expect(west.stored.get('photos')!.versioning).to.equal(undefined);
    await west.delete('photos', 'theirs');
    await h.protect('photos', 's2');
    const other = h.session('s3', { group: 'other' });
    const capture = await h.mover.capture(
      { kind: 'container', id: 'photos', name: 'photos' },
      other,
    );
    const foreign = await rejection(h.mover.ship(capture, null, other));
    expect(foreign.code).to.equal('container.mirror-foreign');
    expect(foreign.message).to.contain('shop');
  });

  it('says what to enable when the secondary keeps no versions', async () => {
    const bare = await Harness.open(east, new MemoryObjectStore({ info: {} }));
    const error = await rejection(bare.protect('photos', 's1'));
    expect(error.code).to.equal('container.versioning-unavailable');
    expect(error.hint).to.contain('allow_object_versioning');
    await bare.close();
  });

  it('refuses a name that no version can be kept under, before it asks for it', async () => {
    const name = 'n'.repeat(1007);
    await put(east, 'photos', name, 'x');
    const error = await rejection(h.protect('photos', 's1'));
    expect(error.code).to.equal('container.object-name-too-long');
    expect(west.requests.some(({ object }) => object === name)).to.equal(false);
  });

  it('keeps keys that sign URLs out of what is written down, and carries them', async () => {
    await east.postContainer('photos', { 'x-container-meta-temp-url-key': 'hush' });
    const session = h.session('s1');
    const ref = { kind: 'container', id: 'photos', name: 'photos' } as const;
    const capture = await h.mover.capture(ref, session);
    const copy = await h.mover.ship(capture, null, session);
    expect(JSON.stringify([capture, copy])).not.to.contain('hush');
    const mirror = await west.headContainer('photos');
    expect(mirror?.headers['x-container-meta-temp-url-key']).to.equal('hush');
  });

  it('ships a container of segments once when it is a member too', async () => {
    const session = h.session('s1');
    const refs = ['photos', 'photos_segments'].map(
      (id) => ({ kind: 'container', id, name: id }) as const,
    );
    const captures = [];
    for (const ref of refs) captures.push(await h.mover.capture(ref, session));
    east.forget();
    const copies = await Promise.all(
      captures.map((capture) => h.mover.ship(capture, null, session)),
    );
    expect(east.count('LIST')).to.equal(0);
    const got = east.requests.filter(
      ({ method, object }) => method === 'GET' && object === 'big/1',
    );
    expect(got).to.have.length(1);
    expect(copies[0]!.segments[0]!.catalog).to.deep.equal(copies[1]!.catalog);
  });

  it('takes a source that keeps versions for what it shows', async () => {
    const versioned = new MemoryObjectStore({ account: 'AUTH_versioned' });
    await versioned.putContainer('photos', { 'x-versions-enabled': 'true' });
    await fill(versioned);
    const other = await Harness.open(versioned, west);
    const copy = await other.protect('photos', 's1');
    expect(await contents(west, 'photos')).to.deep.equal(await contents(versioned, 'photos'));
    const link = west.stored.get('photos')!.current.get('a link')!;
    expect(link.stored.symlink?.target).to.equal('photos/z target');
    expect((await other.mover.verify(copy, 'content', other.target())).findings).to.deep.equal([]);
    await other.close();
  });

  it('lets the mirror check every byte it receives', async () => {
    let left = 2;
    west.before = ({ method, object }) => {
      if (method === 'PUT' && object === 'a b' && left-- > 0) throw new TypeError('socket');
    };
    const error = await h.protect('photos', 's1').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TypeError);
    west.before = undefined;
    const damaged = east.stored.get('photos')!.current.get('a b')!;
    const rotten = Buffer.from('rotten in the source');
    east.stored.get('photos')!.current.set('a b', {
      ...damaged,
      stored: { ...damaged.stored, body: rotten, etag: md5('what it was') },
    });
    // The memory store announces the hash of what it holds, so the new bytes are taken as they are.
    h.mover = h.newMover();
    const copy = await h.protect('photos', 's2', null, { isResumed: true });
    expect((await contents(west, 'photos'))['a b']).to.match(/^rotten/);
    expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
  });
});
