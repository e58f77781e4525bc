import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import { createContainerMover } from '../../replicator/container/mover.ts';
import { removeContainer } from '../../replicator/container/removal.ts';
import type { ContainerCopy } from '../../replicator/container/types.ts';
import type {
  Finding,
  ResourceRef,
  RestoreOrder,
  SessionContext,
  TargetContext,
} from '../../replicator/mover.ts';
import type { RegionName, Suite } from './environment.ts';
import { changeContainer, lookAt, makeContainer, type Seen } from './support/container-data.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';
import { SwiftUser } from './support/swift-user.ts';
import { testIdentity } from '../support/identity.ts';

export const containerMoverSuite: Suite = (environment) =>
  describe('the container mover', function () {
    this.timeout(300_000);
    const run = systemRandom.id().slice(0, 8);
    const name = `cm-${run}`;
    const photos: ResourceRef = { kind: 'container', id: name, name };
    const moved = { bytes: 0, objects: 0, copied: 0, present: 0 };
    const calls: Record<string, number> = {};
    const points: ContainerCopy[] = [];
    const seen: Seen[] = [];
    let opened: Scopes;
    let outsiders: Record<RegionName, Outsider>;
    let at: TargetContext;
    let session: SessionContext;
    let folder: string;
    let mover: ReturnType<typeof createContainerMover>;

    /** Counts calls; a listing counts once, whatever its pages. */
    function counting<S extends Pick<ProjectScope, 'region' | 'objectStore'>>(scope: S): S {
      const store = scope.objectStore;
      const objectStore = new Proxy({} as ObjectStore, {
        get(_empty, property) {
          const member: unknown = Reflect.get(store, property);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]): unknown => {
            const key = `${scope.region} ${String(property)}`;
            calls[key] = (calls[key] ?? 0) + 1;
            return Reflect.apply(member, store, args);
          };
        },
      });
      return { ...scope, objectStore };
    }

    function forget(): void {
      for (const key of Object.keys(calls)) Reflect.deleteProperty(calls, key);
      Object.assign(moved, { bytes: 0, objects: 0, copied: 0, present: 0 });
    }

    async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
      const start = performance.now();
      const value = await work();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const rss = (process.memoryUsage().rss / 1024 / 1024).toFixed(0);
      environment().say(`${what}: ${seconds} s, ${JSON.stringify({ ...moved })}, ${rss} MiB`);
      return value;
    }

    async function protect(id: string): Promise<ContainerCopy> {
      const previous = points.at(-1);
      const own = { ...session, sessionId: id, spoolDir: join(folder, id) };
      const capture = await mover.capture(photos, own);
      const before = previous === undefined ? null : { copy: previous, damage: [] };
      const copy = await mover.ship(capture, before, own);
      await mover.tidy(copy, own);
      return copy;
    }

    const user = (region: RegionName): SwiftUser => new SwiftUser(outsiders[region]);
    const look = (region: RegionName, container: string): Promise<Seen> =>
      lookAt(user(region), container);

    /** By name what differs, so that a failure can be read. */
    function expectSame(found: Seen, expected: Seen): void {
      const names = new Set([...Object.keys(found.objects), ...Object.keys(expected.objects)]);
      const differing = [...names].filter(
        (each) => JSON.stringify(found.objects[each]) !== JSON.stringify(expected.objects[each]),
      );
      const text = differing
        .slice(0, 5)
        .map((each) =>
          JSON.stringify([each, { found: found.objects[each], expected: expected.objects[each] }]),
        );
      expect(differing, text.join('\n')).to.deep.equal([]);
    }

    const order = (mode: RestoreOrder['mode']): RestoreOrder => ({
      executionId: run,
      mode,
      scratch: `farshore-drill-${run}`,
      memo: { get: () => undefined, set: () => Promise.resolve() },
      restored: () => undefined,
    });

    async function findings(copy: ContainerCopy, depth: 'listing' | 'content') {
      const verified: { readonly findings: readonly Finding[]; readonly objects: number } =
        await mover.verify(copy, depth, at);
      expect(verified.objects).to.equal(copy.objects);
      return verified.findings;
    }

    before(async () => {
      const { ambient, regions, scale, topology } = environment();
      opened = await openScopes(environment());
      outsiders = {
        east: await Outsider.login(regions.east),
        west: await Outsider.login(regions.west),
      };
      folder = await mkdtemp(join(tmpdir(), 'farshore-cm-'));
      const east = counting(opened.east);
      const west = counting(opened.west);
      // Counted on its own: what the bank is asked for says nothing about what users have.
      const { objectStore: store } = counting({
        region: 'bank',
        objectStore: opened.west.objectStore,
      });
      const bank = createBank({
        store,
        container: `${name}-bank`,
        identity: testIdentity(),
        spoolDir: folder,
        ambient,
      });
      mover = createContainerMover({ ambient, spoolDir: folder });
      at = {
        group: `g ${run}`,
        target: west,
        bank,
        sharedSwift: topology === 'stretched',
        progress: {
          expect: () => undefined,
          moved: ({ bytes = 0, objects = 0 }) => {
            moved.bytes += bytes;
            moved.objects += objects;
          },
          copied: ({ objects = 0 }) => (moved.copied += objects),
          present: ({ objects = 0 }) => (moved.present += objects),
        },
        signal: new AbortController().signal,
      };
      session = {
        ...at,
        sessionId: 's',
        source: east,
        isResumed: false,
        mappings: {},
        options: {},
        spoolDir: folder,
      };
      await timed('made', () => makeContainer(user('east'), name, scale.objects));
    });

    after(async () => {
      for (const scope of [opened.east, opened.west]) {
        const there = { ...at, target: scope };
        for await (const container of scope.objectStore.listContainers())
          if (container.name.includes(run))
            await removeContainer(container.name, there, environment().ambient);
      }
      for (const outsider of Object.values(outsiders)) outsider.close();
      await opened.close();
      await rm(folder, { recursive: true });
    });

    it('ships everything, every byte and every property', async () => {
      seen.push(await timed('look', () => look('east', name)));
      points.push(await timed('first pass', () => protect('s1')));
      environment().say(`${points[0]!.objects} objects, ${JSON.stringify(calls)}`);
      expect(points[0]!.notes).to.deep.equal([]);
      expect(await findings(points[0]!, 'listing')).to.deep.equal([]);
      await timed('content', async () => {
        expect(await findings(points[0]!, 'content')).to.deep.equal([]);
      });
      if (at.sharedSwift) expect(moved.bytes).to.equal(0);
    });

    it('ships nothing when nothing changed', async () => {
      forget();
      const copy = await timed('unchanged pass', () => protect('s2'));
      expect(await findings(copy, 'listing')).to.deep.equal([]);
      environment().say(JSON.stringify(calls));
      expect(copy.catalog).to.deep.equal(points[0]!.catalog);
      expect(moved).to.include({ bytes: 0, objects: 0, copied: 0 });
      for (const call of ['get', 'head', 'put', 'post', 'copy', 'delete'])
        expect(calls[`east ${call}`]).to.equal(undefined);
    });

    it('ships what changed, and keeps the older point', async () => {
      await changeContainer(user('east'), name);
      seen.push(await look('east', name));
      forget();
      points.push(await timed('changed pass', () => protect('s3')));
      environment().say(JSON.stringify(calls));
      if (!at.sharedSwift) expect(moved.bytes).to.equal('overwritten'.length + 'a new one'.length);
      for (const point of points) {
        expect(await findings(point, 'listing')).to.deep.equal([]);
        expect(await findings(point, 'content')).to.deep.equal([]);
      }
    });

    it('drills the older point beside everything, and leaves nothing', async () => {
      forget();
      const [old] = points;
      const restored = await timed('drill', () => mover.restore(old!, order('drill'), at));
      expect(restored.name).to.equal(`farshore-drill-${run}-${name}`);
      expect(restored.notes).to.deep.equal([]);
      // All are small: each is read from the bank once and hashed.
      expect(moved.bytes).to.equal(restored.bytes);
      for (const call of ['get', 'head', 'list']) expect(calls[`east ${call}`]).to.equal(undefined);
      expectSame(await look('west', restored.name), seen[0]!);
      const checked = await timed('check', () => mover.check(old!, restored, order('drill'), at));
      expect(checked.state, checked.detail).to.equal('verified');
      expect(await mover.inventory(order('drill').scratch, at)).to.have.length(3);
      await timed('discard', () => mover.discard(old!, order('drill'), at));
      expect(await mover.inventory(order('drill').scratch, at)).to.deep.equal([]);
      for (const point of points) expect(await findings(point, 'listing')).to.deep.equal([]);
    });

    it('deletes the bytes that no kept point names, and no other', async () => {
      await user('east').put(name, 'small/00000', '3');
      // What was stored shortly before a session began may be that session's own, by the bank's clock.
      await delay(8_000);
      forget();
      const newest = await timed('third pass', () => protect('s4'));
      const [old, dropped] = points;
      forget();
      await timed('expiry', () => mover.expire([dropped!], [old!, newest], at));
      environment().say(JSON.stringify(calls));
      expect(calls['bank delete']).to.be.within(1, 12);
      for (const point of [old!, newest])
        expect(await findings(point, 'content')).to.deep.equal([]);
      const { damaged } = await mover.verify(dropped!, 'listing', at);
      expect(damaged).to.be.greaterThan(0);
    });

    it('says beforehand that a name is taken in the secondary', async () => {
      const [old] = points;
      const errors = async (mode: RestoreOrder['mode']) =>
        (await mover.obstacles([old!], order(mode), at)).map(({ resource, error }) => [
          resource,
          error.code,
        ]);
      for (const mode of ['drill', 'failover'] as const)
        expect(await errors(mode)).to.deep.equal([]);
      // The users' own container is there already, and is the one that a failover works on.
      if (at.sharedSwift) return;
      await at.target.objectStore.putContainer(name, {});
      expect(await errors('failover')).to.deep.equal([
        [`container/${name}`, 'container.name-taken'],
      ]);
      expect(await errors('drill')).to.deep.equal([]);
      await at.target.objectStore.deleteContainer(name);
    });

    it('fails over to the older point, and checks it', async () => {
      const [old] = points;
      const restored = await timed('failover', () => mover.restore(old!, order('failover'), at));
      environment().say(restored.notes.join('; '));
      const live = await look('west', name);
      expectSame(live, seen[0]!);
      expect(live.headers).to.deep.equal(seen[0]!.headers);
      const checked = await timed('check', () =>
        mover.check(old!, restored, order('failover'), at),
      );
      expect(checked.state, checked.detail).to.equal('verified');
      forget();
      await timed('again', () => mover.restore(old!, order('failover'), at));
      expect(calls['west copy']).to.equal(undefined);
      expect(await mover.obstacles([old!], order('failover'), at)).to.deep.equal([]);
    });
  });
