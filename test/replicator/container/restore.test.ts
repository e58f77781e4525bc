import { expect } from 'chai';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { rejection } from '../../support/rejection.ts';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { fill, put, putSlo } from './fixture.ts';
import { contents, Harness } from './harness.ts';

class Killed extends Error {}

describe('container mover: restoring', () => {
  let h: Harness;
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let first: ContainerCopy;
  let second: ContainerCopy;
  let before: Readonly<Record<string, string>>;
  let segmentsBefore: Readonly<Record<string, string>>;

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    await fill(east);
    await putSlo(east, 'photos', 'slo2', ['/photos_segments/big/2']);
    const later = String(h.clock.now() / 1000 + 9_000_000);
    await put(east, 'photos', 'expires', 'x', { 'x-delete-at': later });
    before = await contents(east, 'photos');
    segmentsBefore = await contents(east, 'photos_segments');
    first = await h.protect('photos', 's1');
    await put(east, 'photos', 'a b', 'overwritten');
    await put(east, 'photos', 'expires', 'overwritten');
    await put(east, 'photos_segments', 'big/1', 'another segment 1;');
    await putSlo(east, 'photos', 'slo', ['/photos_segments/big/1']);
    await east.post('photos', 'slo2', {
      'content-type': 'video/x',
      'x-object-meta-kind': 'posted',
    });
    await east.delete('photos', 'nested');
    await put(east, 'photos', 'added', 'after the first point');
    await east.delete('photos', 'z target');
    second = await h.protect('photos', 's2', first);
  });

  afterEach(() => h.close());

  it('fails over to an older point, and again to the same, and to the newer', async () => {
    const order = h.order('failover');
    const restored = await h.mover.restore(first, order, h.target());
    expect(restored.id).to.equal('photos');
    expect(await contents(west, 'photos')).to.deep.equal(before);
    expect(await contents(west, 'photos_segments')).to.deep.equal(segmentsBefore);
    const info = await west.headContainer('photos');
    expect(info?.headers).to.include({
      'x-container-meta-colour': 'blue',
      'x-container-read': '.r:*,.rlistings',
      'x-container-meta-farshore-live': 'e1',
    });
    expect(info?.versioning).to.equal(true);
    expect(west.stored.get('photos')!.current.get('expires')).to.have.property('deleteAtSeconds');
    const check = await h.mover.check(first, restored, order, h.target());
    expect(check).to.have.property('state', 'verified');
    expect(restored.notes.join()).to.contain('taken back').and.to.contain('does not know');
    west.forget();
    await h.mover.restore(first, order, h.target());
    expect(west.count('COPY') + west.count('PUT') + west.count('DELETE')).to.equal(0);
    await h.mover.restore(second, order, h.target());
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    for (const copy of [first, second])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
  });

  it('sees in its check what is wrong', async () => {
    const order = h.order('failover');
    const restored = await h.mover.restore(first, order, h.target());
    await put(west, 'photos', 'stranger', 'x');
    const strange = await h.mover.check(first, restored, order, h.target());
    expect(strange.state).to.equal('mismatch');
    expect(strange.detail).to.contain('stranger');
    await west.delete('photos', 'stranger');
    await west.post('photos', 'a b', { 'x-object-meta-other': '1', 'content-type': 'text/plain' });
    const changed = await h.mover.check(first, restored, order, h.target());
    expect(changed.detail).to.contain('1 of').and.to.contain('a b');
  });

  it('takes a broken-off failover up again, wherever it broke off', async () => {
    for (let n = 1; n < 15; n += 1) {
      let left = n;
      west.before = ({ method }) => {
        if (method !== 'LIST' && --left < 0) throw new Killed();
      };
      const copy = n % 2 === 0 ? second : first;
      await h.mover.restore(copy, h.order('failover'), h.target()).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      west.before = undefined;
      h.mover = h.newMover();
      const restored = await h.mover.restore(copy, h.order('failover'), h.target());
      const check = await h.mover.check(copy, restored, h.order('failover'), h.target());
      expect(check.state, check.detail).to.equal('verified');
    }
  });

  it('accepts no session once the mirror is live, and retention leaves it to the users', async () => {
    await h.mover.restore(second, h.order('failover'), h.target());
    const shipped = await rejection(h.protect('photos', 's3', second));
    expect(shipped.code).to.equal('container.mirror-live');
    const versions = [...west.stored.get('photos')!.versions.keys()];
    await h.mover.expire([first], [second], h.target());
    await h.mover.expire([first, second], [], h.target());
    expect([...west.stored.get('photos')!.versions.keys()]).to.deep.equal(versions);
  });

  it('says which version is missing, and notes access lists of another Keystone', async () => {
    west.stored.get('photos')!.versions.delete('a b');
    const error = await rejection(h.mover.restore(first, h.order('failover'), h.target()));
    expect(error.code).to.equal('container.version-missing');
    const listed: ContainerCopy = { ...second, headers: { 'x-container-write': 'abc:def' } };
    const restored = await h.mover.restore(listed, h.order('failover'), h.target());
    expect(restored.notes.join()).to.contain('x-container-write');
  });

  it('drills beside everything, from the copies alone, and leaves nothing', async () => {
    const order = h.order('drill');
    const mirror = await contents(west, 'photos');
    const kept = JSON.stringify([...west.stored.get('photos')!.versions]);
    const restored = await h.mover.restore(first, order, h.target());
    expect(restored.name).to.equal('farshore-drill-e1-photos');
    expect(await contents(west, restored.name)).to.deep.equal(
      Object.fromEntries(
        Object.entries(before).map(([name, seen]) => [
          name,
          seen.replace('photos_segments/big', 'farshore-drill-e1-photos_segments/big'),
        ]),
      ),
    );
    const check = await h.mover.check(first, restored, order, h.target());
    expect(check, check.detail).to.have.property('state', 'verified');
    west.forget();
    await h.mover.restore(first, order, h.target());
    expect(west.count('COPY')).to.equal(0);
    expect(await h.mover.inventory(order.scratch, h.target())).to.deep.equal([
      'farshore-drill-e1-photos',
      'farshore-drill-e1-photos_segments',
    ]);
    await h.mover.discard(first, order, h.target());
    await h.mover.discard(first, order, h.target());
    expect(await h.mover.inventory(order.scratch, h.target())).to.deep.equal([]);
    expect(await contents(west, 'photos')).to.deep.equal(mirror);
    expect(JSON.stringify([...west.stored.get('photos')!.versions])).to.equal(kept);
  });

  it('discards what a broken-off drill left, and what is not its own never', async () => {
    const order = h.order('drill');
    for (let n = 1; n < 20; n += 3) {
      let left = n;
      west.before = ({ method }) => {
        if (method !== 'LIST' && --left < 0) throw new Killed();
      };
      await h.mover.restore(first, order, h.target()).catch(() => undefined);
      left = n;
      await h.mover.discard(first, order, h.target()).catch(() => undefined);
      west.before = undefined;
      await h.mover.discard(first, order, h.target());
      expect(await h.mover.inventory(order.scratch, h.target())).to.deep.equal([]);
    }
    await west.putContainer('farshore-drill-e1-photos');
    const error = await rejection(h.mover.discard(first, order, h.target()));
    expect(error.code).to.equal('container.scratch-foreign');
    expect(west.stored.has('farshore-drill-e1-photos')).to.equal(true);
  });
});

describe('container mover: one Swift under both regions', () => {
  let h: Harness;
  let swift: MemoryObjectStore;

  beforeEach(async () => {
    swift = new MemoryObjectStore({ account: 'AUTH_both' });
    h = await Harness.open(swift, swift);
    await fill(swift);
  });

  afterEach(() => h.close());

  it('keeps points in a mirror beside the container, without a byte through this process', async () => {
    const moved = { bytes: 0 };
    const progress = {
      ...h.target().progress,
      moved: ({ bytes = 0 }) => void (moved.bytes += bytes),
    };
    const before = await contents(swift, 'photos');
    const first = await h.protect('photos', 's1', null, { progress });
    expect(first.mirror).to.equal('farshore_shop_photos');
    expect(moved.bytes).to.equal(0);
    const got = swift.requests.filter(
      ({ method, container }) => method === 'GET' && container !== 'farshore',
    );
    expect(new Set(got.map(({ object }) => object))).to.include.members(['slo', 'nested']);
    expect((await h.mover.verify(first, 'content', h.target())).findings).to.deep.equal([]);
    await put(swift, 'photos', 'a b', 'overwritten');
    await swift.delete('photos', 'dlo');
    await put(swift, 'photos', 'added', 'later');
    await put(swift, 'photos_segments', 'big/2', 'another 2;');
    await putSlo(swift, 'photos', 'slo', ['/photos_segments/big/2']);
    await swift.delete('photos', 'nested');
    const second = await h.protect('photos', 's2', first, { progress });
    for (const copy of [first, second])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);

    const drill = await h.mover.restore(first, h.order('drill'), h.target());
    const drilled = await h.mover.check(first, drill, h.order('drill'), h.target());
    expect(drilled, drilled.detail).to.have.property('state', 'verified');
    await h.mover.discard(first, h.order('drill'), h.target());

    const order = h.order('failover');
    const restored = await h.mover.restore(first, order, h.target());
    expect(await contents(swift, 'photos')).to.deep.equal(before);
    const check = await h.mover.check(first, restored, order, h.target());
    expect(check, check.detail).to.have.property('state', 'verified');
    const versions = swift.stored.get('farshore_shop_photos')!.versions;
    expect(versions.get('added')!.map(({ body }) => body.toString())).to.include('later');
    swift.forget();
    await h.mover.restore(first, order, h.target());
    expect(swift.count('COPY') + swift.count('PUT', 'photos') + swift.count('DELETE')).to.equal(1);
    expect(swift.requests.filter(({ method }) => method === 'PUT')).to.have.length.at.most(2);
  });
});
