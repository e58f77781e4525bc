import { expect } from 'chai';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { rejection } from '../../support/rejection.ts';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { fill, put, putSlo } from './fixture.ts';
import { contents, Harness } from './harness.ts';

class Killed extends Error {}

function written({ requests }: MemoryObjectStore): readonly (string | undefined)[] {
  return requests.filter(({ method }) => method === 'PUT').map(({ object }) => object);
}

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

  for (const which of ['older', 'newest'] as const)
    it(`fails over to the ${which} point, and again to the same`, async () => {
      const copy = which === 'older' ? first : second;
      const expected = which === 'older' ? before : await contents(east, 'photos');
      const order = h.order('failover');
      const restored = await h.mover.restore(copy, order, h.target());
      expect(restored.id).to.equal('photos');
      expect(await contents(west, 'photos')).to.deep.equal(expected);
      if (which === 'older')
        expect(await contents(west, 'photos_segments')).to.deep.equal(segmentsBefore);
      const info = await west.headContainer('photos');
      expect(info?.headers).to.include({
        'x-container-meta-colour': 'blue',
        'x-container-read': '.r:*,.rlistings',
        'x-container-meta-farshore-execution': 'e1',
      });
      expect(info?.versioning).to.equal(false);
      const isLasting = which === 'newest';
      const { deleteAtSeconds } = west.stored.get('photos')!.current.get('expires')!;
      expect(deleteAtSeconds === undefined).to.equal(isLasting);
      const check = await h.mover.check(copy, restored, order, h.target());
      expect(check, check.detail).to.have.property('state', 'verified');
      expect(check.detail).to.contain('can be written to');
      expect(await contents(west, 'photos')).to.deep.equal(expected);
      west.forget();
      await h.mover.restore(copy, order, h.target());
      expect(west.count('COPY') + west.count('DELETE')).to.equal(0);
      expect(written(west)).not.to.include('a b');
      for (const each of [first, second])
        expect((await h.mover.verify(each, 'content', h.target())).findings).to.deep.equal([]);
    });

  it('never touches a container that it did not make, nor one of another execution', async () => {
    await west.putContainer('photos');
    const error = await rejection(h.mover.restore(first, h.order('failover'), h.target()));
    expect(error.code).to.equal('container.name-taken');
    expect(error.hint).to.contain('retry');
    expect(west.stored.get('photos')!.headers).to.deep.equal({});
    expect(west.stored.get('photos')!.current.size).to.equal(0);
    await west.deleteContainer('photos');
    await h.mover.restore(first, h.order('failover'), h.target());
    const other = { ...h.order('failover'), executionId: 'e2' };
    const again = await rejection(h.mover.restore(second, other, h.target()));
    expect(again.code).to.equal('container.name-taken');
    expect(await contents(west, 'photos')).to.deep.equal(before);
  });

  it('gives back a container that somebody made at the same instant', async () => {
    west.before = async ({ method, container, object }) => {
      if (method !== 'PUT' || container !== 'photos' || object !== undefined) return;
      west.before = undefined;
      await west.putContainer('photos');
      await put(west, 'photos', 'a b', 'theirs');
    };
    // Where segments lie is made first.
    const error = await rejection(h.mover.restore(first, h.order('failover'), h.target()));
    expect(error.code).to.equal('container.name-taken');
    expect(await contents(west, 'photos')).to.have.all.keys('a b');
    expect((await contents(west, 'photos'))['a b']).to.match(/^theirs/);
    expect(west.stored.get('photos')!.headers).to.deep.equal({});
  });

  it('hides nothing that a user wrote meanwhile, however late its own write arrives', async () => {
    const held: string[] = [];
    west.before = async ({ method, container, object }) => {
      if (method !== 'PUT' || container !== 'photos' || object === undefined) return;
      if (held.includes(object) || !['a b', 'dir/', 'dlo', 'empty'].includes(object)) return;
      held.push(object);
      await put(west, 'photos', object, 'theirs');
    };
    west.forget();
    await h.mover.restore(first, h.order('failover'), h.target());
    const found = await contents(west, 'photos');
    for (const name of ['a b', 'dir/', 'dlo', 'empty']) expect(found[name]).to.match(/^theirs/);
    expect(west.count('COPY')).to.equal(0);
  });

  it('copies inside the store what is large, and what lies in a store without conditions', async () => {
    const ceph = new MemoryObjectStore({
      account: 'AUTH_ceph',
      info: { slo: {}, swift: { version: '16.2.15', max_object_name_size: 1024 } },
    });
    await east.putContainer('plain');
    await put(east, 'plain', 'large', 'x'.repeat(9 * 1024 * 1024));
    await put(east, 'plain', 'small', 'y');
    for (const [store, copies] of [
      [west, ['large']],
      [ceph, ['large', 'small']],
    ] as const) {
      await using there = await Harness.open(east, store);
      const copy = await there.protect('plain', 's3');
      store.forget();
      const order = there.order('failover');
      const restored = await there.mover.restore(copy, order, there.target());
      const copied = store.requests.filter(({ method }) => method === 'COPY');
      expect(copied.map(({ object }) => object)).to.have.members(copies);
      expect(await contents(store, 'plain')).to.deep.equal(await contents(east, 'plain'));
      const check = await there.mover.check(copy, restored, order, there.target());
      expect(check.state, check.detail).to.equal('verified');
    }
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

  it('sees that nobody can write, unless it is the quota of the source', async () => {
    const order = h.order('failover');
    const restored = await h.mover.restore(first, order, h.target());
    west.before = ({ method, object }) => {
      if (method === 'PUT' && object?.startsWith('.farshore') === true)
        throw refusal(413, 'PUT', object);
    };
    const refused = await h.mover.check(first, restored, order, h.target());
    expect(refused.state).to.equal('mismatch');
    expect(refused.detail).to.contain('nothing can be written');
    const limited = { ...first, headers: { 'x-container-meta-quota-count': '3' } };
    const full = await h.mover.check(limited, restored, order, h.target());
    expect(full.state).to.equal('verified');
    expect(full.detail).to.contain('quota is used up');
  });

  it('sets quotas last, in a drill too, and opens a drill to nobody', async () => {
    const quota = { 'x-container-meta-quota-count': '3' };
    const copy = { ...first, headers: { ...first.headers, ...quota } };
    for (const mode of ['drill', 'failover'] as const) {
      west.forget();
      const restored = await h.mover.restore(copy, h.order(mode), h.target());
      const info = await west.headContainer(restored.name);
      expect(info?.headers).to.include(quota);
      expect('x-container-read' in info!.headers).to.equal(mode === 'failover');
      const order = west.requests.map(({ method, object }) => (object ? 'object' : method));
      expect(order.lastIndexOf('POST')).to.be.greaterThan(order.lastIndexOf('object'));
    }
  });

  it('takes a broken-off failover up again, wherever it broke off', async () => {
    for (let n = 1; n < 40; n += 3) {
      const order = { ...h.order('failover'), executionId: `e${n}` };
      let left = n;
      west.before = ({ method }) => {
        if (method !== 'LIST' && --left < 0) throw new Killed();
      };
      const copy = n % 2 === 0 ? second : first;
      await h.mover.restore(copy, order, h.target()).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      west.before = undefined;
      h.mover = h.newMover();
      const restored = await h.mover.restore(copy, order, h.target());
      const check = await h.mover.check(copy, restored, order, h.target());
      expect(check.state, check.detail).to.equal('verified');
      for (const name of ['photos', 'photos_segments']) west.stored.delete(name);
    }
  });

  it('notes access lists of another Keystone', async () => {
    const listed: ContainerCopy = { ...second, headers: { 'x-container-write': 'abc:def' } };
    const restored = await h.mover.restore(listed, h.order('failover'), h.target());
    expect(restored.notes.join()).to.contain('x-container-write');
  });

  it('leaves a container of others alone that only segments were wanted from, and says so', async () => {
    await west.putContainer('photos_segments');
    await put(west, 'photos_segments', 'theirs', 'x');
    const { notes } = await h.mover.restore(first, h.order('failover'), h.target());
    expect(notes.join()).to.contain('was not made by this failover');
    expect([...west.stored.get('photos_segments')!.current.keys()]).to.deep.equal(['theirs']);
    expect(notes.join()).to.contain('were refused').and.to.contain('photos/slo');
  });

  it('drills beside everything, from the copies alone, and leaves nothing', async () => {
    const order = h.order('drill');
    const bank = JSON.stringify([...west.stored.get('farshore')!.current.keys()]);
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
    expect(written(west)).not.to.include('a b');
    expect(await h.mover.inventory(order.scratch, h.target())).to.deep.equal([
      'farshore-drill-e1-photos',
      'farshore-drill-e1-photos_segments',
    ]);
    await h.mover.discard(first, order, h.target());
    await h.mover.discard(first, order, h.target());
    expect(await h.mover.inventory(order.scratch, h.target())).to.deep.equal([]);
    expect([...west.stored.keys()]).to.deep.equal(['farshore']);
    expect(JSON.stringify([...west.stored.get('farshore')!.current.keys()])).to.equal(bank);
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
    for (const refused of [
      h.mover.discard(first, order, h.target()),
      h.mover.restore(first, order, h.target()),
    ])
      expect((await rejection(refused)).code).to.equal('container.scratch-foreign');
    expect(west.stored.get('farshore-drill-e1-photos')!.current.size).to.equal(0);
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

  it('keeps points in the bank without a byte through this process, and brings the live container back', async () => {
    const moved = { bytes: 0 };
    const progress = {
      ...h.target().progress,
      moved: ({ bytes = 0 }) => void (moved.bytes += bytes),
    };
    const before = await contents(swift, 'photos');
    swift.forget();
    const first = await h.protect('photos', 's1', null, { progress });
    expect(moved.bytes).to.equal(0);
    const got = swift.requests.filter(
      ({ method, container }) => method === 'GET' && container !== 'farshore',
    );
    expect(new Set(got.map(({ object }) => object))).to.deep.equal(new Set(['slo', 'nested']));
    expect((await h.mover.verify(first, 'content', h.target())).findings).to.deep.equal([]);
    await put(swift, 'photos', 'a b', 'overwritten');
    await swift.delete('photos', 'dlo');
    await put(swift, 'photos', 'added', 'later');
    await put(swift, 'photos_segments', 'big/2', 'another 2;');
    await putSlo(swift, 'photos', 'slo', ['/photos_segments/big/2']);
    await swift.delete('photos', 'nested');
    await put(swift, 'photos_segments', 'of others', 'x');
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
    const displaced = await contents(swift, 'farshore-displaced-e1-photos');
    expect(displaced['added']).to.match(/^later/);
    expect(displaced['a b']).to.match(/^overwritten/);
    expect(restored.notes.join()).to.contain('farshore-displaced-e1-photos');
    expect(await contents(swift, 'photos_segments')).to.have.property('of others');
    swift.forget();
    await h.mover.restore(first, order, h.target());
    expect(swift.count('COPY') + swift.count('DELETE')).to.equal(0);
  });

  it('takes a broken-off one up again, and loses nothing of what it takes out', async () => {
    const first = await h.protect('photos', 's1');
    const before = await contents(swift, 'photos');
    for (let n = 1; n < 30; n += 2) {
      await put(swift, 'photos', 'a b', `overwritten ${n}`);
      await put(swift, 'photos', `added ${n}`, 'later');
      const order = { ...h.order('failover'), executionId: `e${n}` };
      let left = n;
      swift.before = ({ method }) => {
        if (method !== 'LIST' && --left < 0) throw new Killed();
      };
      await h.mover.restore(first, order, h.target()).catch(() => undefined);
      swift.before = undefined;
      await h.mover.restore(first, order, h.target());
      expect(await contents(swift, 'photos')).to.deep.equal(before);
      const displaced = await contents(swift, `farshore-displaced-e${n}-photos`);
      expect(displaced).to.have.property(`added ${n}`);
      expect(displaced['a b']).to.match(new RegExp(`^overwritten ${n}`));
    }
  });
});
