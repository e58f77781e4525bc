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
      west.advance(3600);
      points.push(await h.protect('photos', `s${n}`, points.at(-1) ?? null));
    }
  });

  afterEach(() => h.close());

  /** All contents of the bank. */
  function stored(): readonly string[] {
    return [...west.stored.get('farshore')!.current]
      .filter(([name]) => /^shop\/objects\/(..|large)\//.test(name))
      .map(
        ([
          ,
          {
            stored: { body },
          },
        ]) => body.toString(),
      );
  }

  async function assertWhole(...kept: readonly ContainerCopy[]): Promise<void> {
    for (const copy of kept)
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
  }

  it('deletes what only dropped points need, and nothing of a kept one', async () => {
    const [one, two, three, four] = points;
    await h.mover.expire([one!, three!], [two!, four!], h.target());
    await assertWhole(two!, four!);
    expect(stored()).to.include.members(['body 2', 'body 4', 'only in 2', 'only in 4']);
    expect(stored()).not.to.include.oneOf(['body 1', 'body 3', 'only in 1', 'only in 3']);
    for (const gone of ['body 1', 'body 3', 'only in 1', 'only in 3'])
      expect(stored()).not.to.include(gone);
    expect((await h.mover.verify(one!, 'listing', h.target())).damaged).to.be.greaterThan(0);
    await h.mover.expire([two!], [four!], h.target());
    await assertWhole(four!);
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
    for (const gone of ['body 1', 'body 2']) expect(stored()).not.to.include(gone);
  });

  it('deletes nothing when a kept catalog cannot be read', async () => {
    const [one, two] = points;
    await west.delete('farshore', two!.catalog.object);
    west.forget();
    const error = await rejection(h.mover.expire([one!], [two!, points[2]!], h.target()));
    expect(error.code).to.equal('bank.catalog-missing');
    expect(west.count('DELETE')).to.equal(0);
  });

  it('keeps what a session under way stored, and takes what one left that was given up', async () => {
    await put(east, 'photos', 'stray', 'of a session that is given up');
    west.advance(3600);
    west.before = ({ object, method }) => {
      if (method === 'PUT' && object?.includes('/catalogs/') === true) throw new Killed();
    };
    await h.protect('photos', 's5', points[3]).catch(() => undefined);
    west.before = undefined;
    await h.mover.expire([points[0]!], points.slice(1), h.target());
    expect(stored()).to.include('of a session that is given up');
    await east.delete('photos', 'stray');
    h.mover = h.newMover();
    west.advance(3600);
    const six = await h.protect('photos', 's6', points[3]);
    await h.mover.expire(points.slice(1, 3), [points[3]!, six], h.target());
    await assertWhole(points[3]!, six);
    await put(east, 'photos', 'a b', 'body 7');
    west.advance(3600);
    const seven = await h.protect('photos', 's7', six);
    await h.mover.expire([points[3]!, six], [seven], h.target());
    expect(stored()).not.to.include('of a session that is given up');
    await assertWhole(seven);
  });

  it('asks for nothing where the dropped points share all with kept ones', async () => {
    const same = await h.protect('photos', 's5', points[3]);
    west.forget();
    await h.mover.expire([points[3]!], [same], h.target());
    expect(west.requests).to.deep.equal([]);
  });

  it('leaves nothing of a group without points, and touches nothing beside it', async () => {
    await put(west, 'farshore', 'other/objects/aa/bb', 'of another group');
    await west.putContainer('photos');
    await put(west, 'photos', 'theirs', 'x');
    await h.mover.expire(points, [], h.target());
    await h.mover.expire(points, [], h.target());
    const left = [...west.stored.get('farshore')!.current.keys()];
    expect(left.filter((name) => name.startsWith('shop/objects/'))).to.deep.equal([]);
    expect(left).to.include('other/objects/aa/bb');
    expect([...west.stored.get('photos')!.current.keys()]).to.deep.equal(['theirs']);
  });
});
