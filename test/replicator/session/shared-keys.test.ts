import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { noProgress } from '../../../kernel/progress.ts';
import { createContainerMover } from '../../../replicator/container/mover.ts';
import type { ResourceRef } from '../../../replicator/mover.ts';
import { recordChecks } from '../../../replicator/point/record-checks.ts';
import { checkPoint } from '../../../replicator/point/verify-point.ts';
import { runSession, type SessionDeps } from '../../../replicator/session/runner.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { scope } from '../container/harness.ts';
import { put } from '../container/fixture.ts';
import { container, Harness } from './harness.ts';

const other: ResourceRef = { kind: 'container', id: 'other', name: 'other' };
const signal = new AbortController().signal;

/** Sessions of containers with their own mover, so that points share keys in the bank. */
class Scene {
  readonly at = new Harness();
  readonly east = new MemoryObjectStore({ account: 'AUTH_east' });
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Three points of two containers: `still` never changes, `moving` does, and so every catalog of `photos`. */
  static async open(): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), 'farshore-shared-')));
    const { at, east } = scene;
    at.retention = { ...at.retention, last: 9 };
    for (const name of ['photos', 'other']) await east.putContainer(name);
    await put(east, 'photos', 'still', 'never changes');
    await put(east, 'photos', 'far', 'of one only');
    // The same bytes under another name in another container.
    await put(east, 'other', 'twin', 'never changes');
    for (const n of [1, 2, 3]) await scene.protect(n);
    return scene;
  }

  async protect(n: number) {
    await put(this.east, 'photos', 'moving', `content ${n}`);
    return await runSession(await this.at.claim([container, other]), this.deps());
  }

  deps(): SessionDeps {
    const { at, east, dir } = this;
    const mover = createContainerMover({ ambient: at.ambient, spoolDir: dir });
    const deps = at.deps();
    return {
      ...deps,
      movers: { ...deps.movers, container: mover },
      openContext: async (session, inner) => ({
        ...(await deps.openContext(session, inner)),
        source: scope('east', east),
        target: scope('west', at.store),
        spoolDir: join(dir, session.id),
      }),
    };
  }

  /** Changes stored bytes without a trace in listings; gives the way back. */
  alter(body: string): () => void {
    const stored = [...this.at.store.stored.get('farshore')!.current.values()];
    const found = stored.find((link) => link.stored.body.toString() === body)!.stored.body;
    found.write('X');
    return () => void found.write(body);
  }

  /** As `point verify` does it, of the newest, the one before, … */
  async verify(index: number): Promise<void> {
    const { at } = this;
    const deps = this.deps();
    const point = (await at.ledger.points('shop'))[index]!;
    await at.clock.sleep(1_000);
    const began = await at.ledger.newestCheck();
    const opened = await deps.openContext((await at.ledger.session('shop'))!, signal);
    const context = { ...opened, group: 'shop', progress: noProgress, signal };
    const checks = await checkPoint(point, 'content', { movers: deps.movers, at: context });
    await at.clock.sleep(1_000);
    const since = new Map([...checks.keys()].map((key) => [key, began]));
    const found = { checks, depth: 'content', at: isoTime(at.clock.now()), since } as const;
    await recordChecks(point, found, { ledger: at.ledger, bank: at.bank, log: silentLog, signal });
  }

  /** Newest first: what each point is known to be damaged in. */
  async damage(): Promise<readonly (readonly string[])[]> {
    const points = await this.at.ledger.points('shop');
    return points.map(({ checked }) => checked.findings.map(({ subject }) => subject).sort());
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}

describe('damage of bytes that the catalogs of several points name', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });

  afterEach(() => scene.close());

  it('reaches every point, under the name that each has for it', async () => {
    for (const seenFrom of [0, 1, 2]) {
      const heal = scene.alter('never changes');
      await scene.verify(seenFrom);
      const both = ['other/twin', 'photos/still'];
      expect(await scene.damage()).to.deep.equal([both, both, both]);
      heal();
      await scene.verify(2 - seenFrom);
      expect(await scene.damage()).to.deep.equal([[], [], []]);
    }
    const states = (await scene.at.ledger.points('shop')).map(({ state }) => state);
    expect(states).to.deep.equal(['proven', 'proven', 'proven']);
  });

  it('is not laid to points that do not name it', async () => {
    scene.alter('content 2');
    await scene.verify(1);
    expect(await scene.damage()).to.deep.equal([[], ['photos/moving'], []]);
    await scene.verify(0);
    expect(await scene.damage()).to.deep.equal([[], ['photos/moving'], []]);
  });

  it('is told by a session that carried it, before it is repaired', async () => {
    const bank = scene.at.store.stored.get('farshore')!.current;
    for (const [name, { stored }] of bank)
      if (stored.body.toString() === 'of one only') bank.delete(name);
    const seen: (readonly string[])[] = [];
    let isAgain = false;
    scene.east.before = async ({ method, object }) => {
      if (method !== 'GET' || object !== 'far' || isAgain) return;
      isAgain = true;
      seen.push(...(await scene.damage()));
    };
    expect(await scene.protect(4)).to.include({ phase: 'done', repairs: 1 });
    expect(seen).to.deep.equal([['photos/far'], ['photos/far'], ['photos/far']]);
    expect(await scene.damage()).to.deep.equal([[], [], [], []]);
  });

  it('is gone from a point of the same data when that was read, however much of it was damaged', async () => {
    const { at, east } = scene;
    // More than a head keeps findings of.
    for (let n = 0; n < 1_100; n += 1) await put(east, 'other', `many/${n}`, `body ${n}`);
    await scene.protect(4);
    const bank = at.store.stored.get('farshore')!.current;
    for (const [name, { stored }] of [...bank])
      if (name.startsWith('shop/objects/') && stored.body.toString().startsWith('body '))
        bank.delete(name);
    const state = async () => (await at.ledger.points('shop')).map((each) => each.state);
    expect(await scene.protect(5)).to.include({ phase: 'done' });
    expect((await state()).slice(0, 2)).to.deep.equal(['proven', 'proven']);
    expect(await scene.protect(6)).to.include({ phase: 'done', repairs: 0 });
    expect((await state()).slice(0, 3)).to.deep.equal(['proven', 'proven', 'proven']);
  });

  it('is not taken for healed where more is damaged than is listed', async () => {
    const { at, east } = scene;
    for (let n = 0; n < 1_100; n += 1) await put(east, 'other', `many/${n}`, `body ${n}`);
    await scene.protect(4);
    await scene.protect(5);
    const bank = at.store.stored.get('farshore')!.current;
    for (const [name, { stored }] of [...bank])
      if (name.startsWith('shop/objects/') && stored.body.toString().startsWith('body '))
        bank.delete(name);
    await scene.verify(0);
    const [newest] = await at.ledger.points('shop');
    const listed = new Set(newest!.checked.findings.map(({ subject }) => subject));
    expect(listed.size).to.equal(1_000);
    const unlisted = [...Array(1_100).keys()].find((n) => !listed.has(`other/many/${n}`))!;
    // The next session finds all of them in the source but this one.
    await east.delete('other', `many/${unlisted}`);
    expect(await scene.protect(6)).to.include({ phase: 'done' });
    await scene.verify(0);
    const states = (await at.ledger.points('shop')).map(({ state }) => state);
    expect(states.slice(0, 3)).to.deep.equal(['proven', 'partial', 'partial']);
    await scene.verify(2);
    const { checked } = (await at.ledger.points('shop'))[2]!;
    expect(checked.findings.map(({ subject }) => subject)).to.deep.equal([
      `other/many/${unlisted}`,
    ]);
  });

  it('is counted once, whatever became of what was damaged', async () => {
    scene.alter('never changes');
    await scene.verify(0);
    const bank = scene.at.store.stored.get('farshore')!.current;
    for (const [name, { stored }] of [...bank])
      if (stored.body.toString() === 'Xever changes') bank.delete(name);
    await scene.verify(1);
    for (const { checked } of await scene.at.ledger.points('shop'))
      expect(checked.damaged).to.equal(2);
  });

  it('reaches a point that is committed while a check of an older one is recorded', async () => {
    let isDone = false;
    const atCommit: Promise<readonly (readonly string[])[]>[] = [];
    scene.at.store.before = async ({ method, object }) => {
      if (method !== 'PUT' || object?.includes('/points/') !== true || isDone) return;
      isDone = true;
      scene.alter('of one only');
      await scene.verify(1);
    };
    scene.at.ledger.after = ({ write }) => {
      if (write === 'commitPoint') atCommit.push(scene.damage());
    };
    expect(await scene.protect(4)).to.include({ phase: 'done' });
    expect(isDone).to.equal(true);
    const one = ['photos/far'];
    // From its own transaction on, and not only after it.
    expect(await Promise.all(atCommit)).to.deep.equal([[one, one, one, one]]);
    scene.at.ledger.after = undefined;
    expect(await scene.damage()).to.deep.equal([one, one, one, one]);
    // The next session takes it from the source again.
    expect(await scene.protect(5)).to.include({ phase: 'done' });
    expect(await scene.damage()).to.deep.equal([[], [], [], [], []]);
  });

  it('reaches a point whose head was made just before it was recorded of the others', async () => {
    const { ledger } = scene.at;
    const commit = ledger.commitPoint.bind(ledger);
    let tries = 0;
    ledger.commitPoint = async (...point) => {
      tries += 1;
      if (tries === 1) {
        scene.alter('of one only');
        await scene.verify(1);
      }
      await commit(...point);
    };
    expect(await scene.protect(4)).to.include({ phase: 'done' });
    expect(tries).to.equal(2);
    expect(await scene.damage()).to.deep.equal(Array(4).fill(['photos/far']));
  });

  it('reaches a point that was committed between its reading and its record', async () => {
    scene.alter('of one only');
    let isDone = false;
    const { ledger } = scene.at;
    const record = ledger.recordChecks.bind(ledger);
    ledger.recordChecks = async (...found) => {
      if (!isDone) {
        isDone = true;
        await scene.protect(4);
      }
      return await record(...found);
    };
    await scene.verify(1);
    expect(isDone).to.equal(true);
    expect(await scene.damage()).to.deep.equal(Array(4).fill(['photos/far']));
  });
});
