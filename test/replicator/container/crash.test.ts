import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CaptureSpool } from '../../../replicator/container/catalog/spool.ts';
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
        const { findings } = await h.mover.verify(copy, 'content', h.target());
        expect(findings).to.deep.equal([]);
        const { contents: found } = await h.restored(copy);
        expect(found).to.deep.equal(await contents(east, 'photos'));
        await h.close();
      }
      expect(n).to.be.greaterThan(18);
    });

  it('reads nothing twice that the bank holds and the disk tells of', async () => {
    const { east, west, h } = await scene();
    // The last write is that of the catalog: all bytes are stored by then.
    west.before = ({ method, object }) => {
      if (method === 'PUT' && object?.includes('/catalogs/') === true) throw new Killed();
    };
    await h.protect('photos', 's1').catch(() => undefined);
    revive(west);
    east.forget();
    h.mover = h.newMover();
    const copy = await h.protect('photos', 's1', null, { isResumed: true });
    expect(east.bytesOut).to.equal(0);
    expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
    await h.close();
  });

  it('stores nothing again but what was not answered when it was killed', async () => {
    const { east, west, h } = await scene();
    for (let n = 0; n < 600; n += 1) await put(east, 'photos', `many/${n}`, `body ${n}`);
    const session = h.session('s1');
    const isBytes = ({ method, object }: MemoryRequest) =>
      method === 'PUT' && /\/objects\/..\//.test(object ?? '');
    const begun: string[] = [];
    const open = new Set<string>();
    let isOver = false;
    const hasEnded = () => isOver;
    west.before = async (request) => {
      if (hasEnded()) throw new Killed();
      if (!isBytes(request)) return;
      begun.push(request.object!);
      open.add(request.object!);
      // The first is not answered before the end, and what comes after it must not wait for it.
      while (begun[0] === request.object && !hasEnded()) await sleep(1);
      await sleep(begun.length % 3);
    };
    west.after = ({ object = '' }) => {
      if (hasEnded()) throw new Killed();
      open.delete(object);
    };
    const killed = h.protect('photos', 's1').catch((error: unknown) => error);
    while (begun.length < 400) await sleep(1);
    // What the answers of one turn bring is written at its end.
    await nextTurn();
    isOver = true;
    const unanswered = new Set(open);
    const spoolDir = join(h.dir, 'as-it-was');
    await cp(session.spoolDir, spoolDir, { recursive: true });
    await killed;
    const before = new Set(begun);
    expect(unanswered.size).to.be.within(1, 40);
    revive(west);
    west.forget();
    h.mover = h.newMover();
    const copy = await h.protect('photos', 's1', null, { isResumed: true, spoolDir });
    const again = west.requests.filter(isBytes).map(({ object }) => object!);
    expect(again.filter((key) => before.has(key) && !unanswered.has(key))).to.deep.equal([]);
    expect(again.length).to.be.above(100);
    expect((await h.mover.verify(copy, 'content', h.target())).findings).to.deep.equal([]);
    await h.close();
  });

  it('goes on from a file of outcomes that breaks off anywhere', async () => {
    const { west, h } = await scene();
    const session = h.session('s1');
    const ref = { kind: 'container', id: 'photos', name: 'photos' } as const;
    const whole = await h.mover.ship(await h.mover.capture(ref, session), null, session);
    const names = (await readdir(session.spoolDir)).filter((name) => name.includes('shipped'));
    const path = join(
      session.spoolDir,
      names.find((name) => name.includes('all'))!,
    );
    const bytes = await readFile(path);
    for (let length = 0; length < bytes.length; length += bytes.length / 20) {
      await writeFile(path, bytes.subarray(0, Math.floor(length)));
      h.mover = h.newMover();
      const copy = await h.protect('photos', 's1', null, { isResumed: true });
      expect(copy.catalog).to.deep.equal(whole.catalog);
      for (const name of await readdir(session.spoolDir))
        if (name.includes('shipped') && !names.includes(name))
          await rm(join(session.spoolDir, name));
    }
    expect(west.stored.size).to.equal(1);
    await h.close();
  });

  it('reads again what a machine that went down left unreadable', async () => {
    const { east, h } = await scene();
    const whole = await h.protect('photos', 's1');
    const { spoolDir } = h.session('s1');
    for (const name of await readdir(spoolDir)) {
      if (!name.includes('shipped')) continue;
      const bytes = await readFile(join(spoolDir, name));
      await writeFile(join(spoolDir, name), bytes.fill(0, Math.floor(bytes.length / 2)));
    }
    h.mover = h.newMover();
    east.forget();
    const copy = await h.protect('photos', 's1', null, { isResumed: true });
    expect(copy.catalog).to.deep.equal(whole.catalog);
    expect(east.bytesOut).to.be.above(0);
    await h.close();
  });

  for (const [what, change] of [
    [
      'altered by the disk',
      (text: string) => text.replaceAll('"contentType":"', '"contentType":"x'),
    ],
    ['of another container', (_text: string, other: string) => other],
  ] as const)
    it(`believes no outcome that is ${what}`, async () => {
      const { east, h } = await scene();
      await east.putContainer('others');
      for (let n = 0; n < 20; n += 1) await put(east, 'others', `f${n}`, `other body ${n}`);
      const whole = await h.protect('photos', 's1');
      await h.protect('others', 's1');
      const { spoolDir } = h.session('s1');
      const own = new CaptureSpool(spoolDir, 'photos').stem;
      const theirs = new CaptureSpool(spoolDir, 'others').stem;
      const journals = (await readdir(spoolDir)).filter((name) => name.includes('shipped'));
      const [other = ''] = journals.filter((name) => name.startsWith(theirs));
      const foreign = await readFile(join(spoolDir, other), 'utf8');
      let changed = 0;
      for (const name of journals.filter((each) => each.startsWith(own))) {
        const text = await readFile(join(spoolDir, name), 'utf8');
        await writeFile(join(spoolDir, name), change(text, foreign));
        if (change(text, foreign) !== text) changed += 1;
      }
      expect(changed).to.be.above(0);
      h.mover = h.newMover();
      const copy = await h.protect('photos', 's1', null, { isResumed: true });
      expect(copy.catalog).to.deep.equal(whole.catalog);
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
