import { expect } from 'chai';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { rejection } from '../../support/rejection.ts';
import { fill, put } from './fixture.ts';
import { Harness } from './harness.ts';

class Killed extends Error {}

describe('container mover: retention', () => {
  let h: Harness;
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let points: ContainerCopy[];

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    await fill(east);
    points = [];
    for (let n = 1; n <= 4; n += 1) {
      await put(east, 'photos', 'a b', `body ${n}`);
      await put(east, 'photos', `only ${n}`, `only in ${n}`);
      if (n > 1) await east.delete('photos', `only ${n - 1}`);
      points.push(await h.protect('photos', `s${n}`, points.at(-1) ?? null));
    }
  });

  afterEach(() => h.close());

  function versions(): Readonly<Record<string, number>> {
    const kept = west.stored.get('photos')!.versions;
    return Object.fromEntries([...kept].map(([name, list]) => [name, list.length]));
  }

  async function assertWhole(...kept: readonly ContainerCopy[]): Promise<void> {
    for (const copy of kept)
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
  }

  it('deletes what only dropped points need, and nothing of a kept one', async () => {
    const [one, two, three, four] = points;
    await h.mover.expire([one!, three!], [two!, four!], h.target());
    await assertWhole(two!, four!);
    const left = versions();
    expect(left).to.include({ 'a b': 2, 'only 2': 1, 'only 4': 1 });
    expect(left).not.to.have.any.keys('only 1', 'only 3');
    expect((await h.mover.verify(one!, 'listing', h.target())).damaged).to.be.greaterThan(0);
    await h.mover.expire([two!], [four!], h.target());
    await assertWhole(four!);
    expect(Object.values(versions()).every((count) => count === 1)).to.equal(true);
  });

  it('never deletes what a kept point names, wherever it is killed, and ends clean', async () => {
    const [one, two, three, four] = points;
    for (let n = 0; n < 12; n += 1) {
      let left = n;
      west.before = ({ method }) => {
        if (method === 'DELETE' && --left < 0) throw new Killed();
      };
      await h.mover.expire([one!, two!], [three!, four!], h.target()).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      west.before = undefined;
      await assertWhole(three!, four!);
    }
    // The dropped catalogs may be swept before it is called again.
    await west.delete('farshore', one!.catalog.object);
    await h.mover.expire([one!, two!], [three!, four!], h.target());
    await assertWhole(three!, four!);
    expect(versions()).to.include({ 'a b': 2, 'only 3': 1, 'only 4': 1 });
    expect(versions()).not.to.have.any.keys('only 1', 'only 2');
  });

  it('deletes nothing when a kept catalog cannot be read', async () => {
    const [one, two] = points;
    await west.delete('farshore', two!.catalog.object);
    west.forget();
    const error = await rejection(h.mover.expire([one!], [two!, points[2]!], h.target()));
    expect(error.code).to.equal('bank.catalog-missing');
    expect(west.count('DELETE', 'photos')).to.equal(0);
  });

  it('removes what a session that was given up left, once a newer point is kept', async () => {
    await put(east, 'photos', 'a b', 'of a session that is given up');
    await put(east, 'photos', 'stray', 'x');
    west.before = ({ container, method }) => {
      if (container === 'farshore' && method === 'PUT') throw new Killed();
    };
    await h.protect('photos', 's5', points[3]).catch(() => undefined);
    west.before = undefined;
    await h.mover.expire([points[0]!], points.slice(1), h.target());
    expect(versions()).to.have.property('stray', 1);
    await put(east, 'photos', 'a b', 'body 6');
    await east.delete('photos', 'stray');
    h.mover = h.newMover();
    const six = await h.protect('photos', 's6', points[3]);
    await h.mover.expire(points.slice(1), [six], h.target());
    expect(versions()).not.to.have.property('stray');
    expect(versions()).to.have.property('a b', 1);
    await assertWhole(six);
  });

  it('removes a mirror that no kept point knows, and only one of its own', async () => {
    await h.mover.expire(points, [], h.target());
    await h.mover.expire(points, [], h.target());
    expect(west.stored.has('photos')).to.equal(false);
    expect(west.stored.has('photos_segments')).to.equal(false);
    await west.putContainer('photos');
    await put(west, 'photos', 'theirs', 'x');
    const error = await rejection(h.mover.expire(points, [], h.target()));
    expect(error.code).to.equal('container.mirror-foreign');
    expect(west.stored.get('photos')!.current.size).to.equal(1);
  });
});
