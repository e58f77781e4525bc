import { expect } from 'chai';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { MemoryObjectStore, type MemoryRequest } from '../../support/memory/object-store.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { fill, put } from './fixture.ts';
import { contents, Harness } from './harness.ts';

const isWrite = ({ method }: MemoryRequest) =>
  method !== 'LIST' && method !== 'HEAD' && method !== 'GET';

/** What a process meets that is killed at its n-th write: nothing is done from then on. */
class Killed extends Error {}

function killAt(store: MemoryObjectStore, n: number, isDone: boolean) {
  let writes = 0;
  let last: MemoryRequest | undefined;
  let isDead = false;
  const die = () => {
    isDead = true;
    throw new Killed();
  };
  store.before = (request) => {
    if (isDead) throw new Killed();
    if (!isWrite(request) || ++writes !== n) return;
    last = request;
    if (!isDone) die();
  };
  store.after = (request) => {
    if (isDone && request === last) die();
  };
  return { isDead: () => isDead, isReached: () => writes >= n };
}

function revive(store: MemoryObjectStore): void {
  store.before = undefined;
  store.after = undefined;
}

/** Object data alone: manifests and empty objects are sent again freely. */
function bytesPut(store: MemoryObjectStore, container: string): number {
  return [...store.stored.get(container)!.versions.values()]
    .flat()
    .filter(({ slo }) => slo === undefined)
    .reduce((sum, { body }) => sum + body.length, 0);
}

describe('container mover: killed and taken up again', () => {
  async function scene() {
    const east = new MemoryObjectStore({ account: 'AUTH_east' });
    const west = new MemoryObjectStore({ account: 'AUTH_west' });
    const h = await Harness.open(east, west);
    await fill(east);
    return { east, west, h };
  }

  for (const isDone of [false, true])
    it(`ships to the same end from every write, ${isDone ? 'done but unanswered' : 'not done'}`, async () => {
      let n = 1;
      for (; ; n += 1) {
        const { east, west, h } = await scene();
        const kill = killAt(west, n, isDone);
        await h.protect('photos', 's1').catch((error: unknown) => {
          if (!kill.isDead()) throw error;
        });
        revive(west);
        if (!kill.isReached()) {
          await h.close();
          break;
        }
        h.mover = h.newMover();
        const copy = await h.protect('photos', 's1', null, { isResumed: true });
        expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
        const { findings } = await h.mover.verify(copy, 'content', h.target());
        expect(findings).to.deep.equal([]);
        const whole = (await east.headContainer('photos_segments'))!.bytes;
        expect(bytesPut(west, 'photos_segments')).to.be.at.most(whole + 10);
        const own = Object.values(await contents(east, 'photos')).length;
        expect(own).to.equal(copy.catalog.rows);
        await h.close();
      }
      expect(n).to.be.greaterThan(25);
    });

  it('ships no byte twice that the mirror holds', async () => {
    const { east, west, h } = await scene();
    killAt(west, 15, false);
    await h.protect('photos', 's1').catch(() => undefined);
    revive(west);
    const held = bytesPut(west, 'photos');
    expect(held).to.be.greaterThan(0);
    east.forget();
    h.mover = h.newMover();
    await h.protect('photos', 's1', null, { isResumed: true });
    const listed = [...(await rows(east, 'photos'))].filter(({ sloEtag }) => sloEtag === undefined);
    const all = listed.reduce((sum, { bytes }) => sum + bytes, 0);
    const fetched = east.requests.filter(
      ({ method, object, container }) =>
        method === 'GET' && container === 'photos' && !['slo', 'nested'].includes(object ?? ''),
    );
    const bytesOf = new Map(listed.map(({ name, bytes }) => [name, bytes]));
    const again = fetched.reduce((sum, { object }) => sum + (bytesOf.get(object ?? '') ?? 0), 0);
    expect(held + again).to.equal(all);
    await h.close();
  });

  it('captures again when the spool is lost with the machine', async () => {
    const { east, h } = await scene();
    const session = h.session('s1');
    const ref = { kind: 'container', id: 'photos', name: 'photos' } as const;
    const capture = await h.mover.capture(ref, session);
    expect(await h.mover.capture(ref, session)).to.deep.equal(capture);
    await put(east, 'photos', 'later', 'x');
    expect((await h.mover.ship(capture, null, session)).catalog.rows).to.equal(capture.objects);
    h.mover = h.newMover();
    const elsewhere = h.session('s1', { spoolDir: `${session.spoolDir}-other`, isResumed: true });
    const copy = await h.mover.ship(capture, null, elsewhere);
    expect(copy.catalog.rows).to.equal(capture.objects + 1);
    await h.mover.tidy(copy, elsewhere);
    await h.mover.tidy(copy, elsewhere);
    await h.close();
  });

  it('deletes what went, when it is killed between the deletion and the catalog', async () => {
    const { east, west, h } = await scene();
    const first = await h.protect('photos', 's1');
    await east.delete('photos', 'z target');
    await east.delete('photos', 'a b');
    killAt(west, 2, true);
    await h.protect('photos', 's2', first).catch(() => undefined);
    revive(west);
    h.mover = h.newMover();
    const second = await h.protect('photos', 's2', first, { isResumed: true });
    expect(await contents(west, 'photos')).to.deep.equal(await contents(east, 'photos'));
    for (const copy of [first, second])
      expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
    await h.close();
  });

  it('is not misled by listings that lag', async () => {
    const { east, west, h } = await scene();
    const first = await h.protect('photos', 's1');
    await put(east, 'photos', 'a b', 'new body');
    await put(east, 'photos', 'added', 'x');
    west.lag();
    const second = await h.protect('photos', 's2', first);
    const { findings, objects } = await h.mover.verify(second, 'listing', h.target());
    expect(findings).to.deep.equal([]);
    expect(objects).to.equal(second.objects);
    west.settle();
    await h.close();
  });

  it('passes a service that refuses on to the session, and comes through when it answers', async () => {
    const { west, h } = await scene();
    west.before = ({ method }) => {
      if (method === 'PUT') throw refusal(503, 'PUT', 'x');
    };
    const error = await h.protect('photos', 's1').catch((reason: unknown) => reason);
    expect(error).to.have.property('kind', 'transient');
    west.before = undefined;
    const copy: ContainerCopy = await h.protect('photos', 's1', null, { isResumed: true });
    expect((await h.mover.verify(copy, 'listing', h.target())).findings).to.deep.equal([]);
    await h.close();
  });
});

async function rows(store: MemoryObjectStore, container: string) {
  const all = [];
  for await (const row of store.list(container)) all.push(row);
  return all;
}
