import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { Memo, ResourceRef, RestoreOrder, SessionContext } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import type { VolumeCopy } from '../../replicator/volume/types.ts';
import { collect } from '../support/rejection.ts';
import type { RegionUnderTest, Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { removeAll } from './support/remove.ts';
import { testIdentity } from '../support/identity.ts';

const mib = 1024 * 1024;
const group = 'vm-test';

/** What crossed, and what was copied inside Swift. */
class Count {
  bytes = 0;
  objects = 0;
  copiedBytes = 0;
  copiedObjects = 0;
  expect(): void {}
  present(): void {}
  moved(work: { readonly bytes?: number; readonly objects?: number }): void {
    this.bytes += work.bytes ?? 0;
    this.objects += work.objects ?? 0;
  }
  copied(work: { readonly bytes?: number; readonly objects?: number }): void {
    this.copiedBytes += work.bytes ?? 0;
    this.copiedObjects += work.objects ?? 0;
  }
}

class MapMemo implements Memo {
  readonly #map = new Map<string, string>();
  get(key: string): string | undefined {
    return this.#map.get(key);
  }
  set(key: string, value: string): Promise<void> {
    this.#map.set(key, value);
    return Promise.resolve();
  }
}

export const volumeMoverSuite: Suite = (environment) =>
  describe('the volume mover', function () {
    this.timeout(600_000);
    const run = systemRandom.id();
    const { signal } = new AbortController();
    const volumes = new Map<string, ResourceRef>();
    let mover: ReturnType<typeof createVolumeMover>;
    let scopes: Scopes;
    let east: RegionUnderTest;
    let west: RegionUnderTest;
    let spoolDir: string;
    let count: Count;
    const copies: VolumeCopy[] = [];
    const restoredIds: string[] = [];

    function session(sessionId: string, isResumed = false): SessionContext {
      const { ambient, topology } = environment();
      count = new Count();
      const bank = createBank({
        identity: testIdentity(),
        store: scopes.west.objectStore,
        container: `vm-${run}-bank`,
        spoolDir,
        ambient,
      });
      return {
        group,
        target: scopes.west,
        source: scopes.east,
        bank,
        sharedSwift: topology === 'stretched',
        progress: count,
        signal,
        sessionId: `${sessionId}-${run}`,
        isResumed,
        mappings: {},
        options: { volume: { maxIncrementals: 6 } },
        spoolDir,
      };
    }

    function order(mode: 'drill' | 'failover', name: string): RestoreOrder {
      return {
        executionId: `${name}-${run}`,
        mode,
        scratch: `farshore-drill-${name}-${run}`,
        memo: new MapMemo(),
        restored: () => undefined,
      };
    }

    async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
      const start = performance.now();
      const result = await work();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      environment().say(`${what}: ${seconds} s`);
      return result;
    }

    async function protect(
      name: string,
      sessionId: string,
      previous: VolumeCopy | null,
    ): Promise<VolumeCopy> {
      const context = session(sessionId);
      const volume = volumes.get(name)!;
      const capture = await timed('capture', () => mover.capture(volume, context));
      const copy = await timed('ship', () =>
        mover.ship(capture, previous && { copy: previous, damage: [] }, context),
      );
      await timed('tidy', () => mover.tidy(copy, context));
      environment().say(
        `${name}: chain ${copy.chain.length}, ${copy.bytes} B in ${copy.objects} objects; moved ${count.bytes} B, ${count.objects} objects; copied ${count.copiedBytes} B`,
      );
      copies.push(copy);
      return copy;
    }

    async function restoreAndCompare(copy: VolumeCopy, sha256: string): Promise<void> {
      const at = session('recover');
      const drill = order('drill', `r${copies.indexOf(copy)}`);
      const restored = await timed('restore', () => mover.restore(copy, drill, at));
      restoredIds.push(restored.id);
      expect(await west.volumeSha256(restored.id)).to.equal(sha256);
      const check = await timed('check', () => mover.check(copy, restored, drill, at));
      expect(check).to.include({ state: 'verified', bytes: copy.attributes.sizeGib * 1024 * mib });
      const volume = await scopes.west.blockStorage.getVolume(restored.id);
      expect(volume?.metadata).to.include({ colour: 'blue', farshore_scratch: drill.scratch });
      expect(await mover.inventory(drill.scratch, at)).to.have.length(1);
      await timed('discard', () => mover.discard(copy, drill, at));
      expect(await mover.inventory(drill.scratch, at)).to.deep.equal([]);
    }

    before(async () => {
      const { ambient, regions, scale } = environment();
      ({ east, west } = regions);
      mover = createVolumeMover({ ambient });
      spoolDir = await mkdtemp(join(tmpdir(), 'vm-test-'));
      scopes = await openScopes(environment());
      for (const name of ['vm-data', 'vm-chain', 'vm-empty']) {
        const { id } = await scopes.east.blockStorage.createVolume({
          name,
          description: `${name} of the test`,
          sizeGib: 1,
          metadata: { colour: 'blue' },
        });
        volumes.set(name, { kind: 'volume', id, name });
      }
      for (const { id } of volumes.values())
        while ((await scopes.east.blockStorage.getVolume(id))?.status !== 'available')
          await environment().ambient.clock.sleep(500);
      await east.writeVolume(volumes.get('vm-data')!.id, 5 * mib, {
        randomMiB: scale.volumeMiB,
        seed: 1,
      });
      await east.writeVolume(volumes.get('vm-chain')!.id, 0, { randomMiB: 40, seed: 2 });
    });

    after(async () => {
      const at = session('clean');
      for (const id of restoredIds) await scopes.west.blockStorage.deleteVolume(id);
      await timed('expire', () => mover.expire(copies, [], at));
      for (const { id } of volumes.values()) {
        const cinder = scopes.east.blockStorage;
        const gone = copies.find((copy) => copy.resource.id === id);
        if (gone !== undefined) await mover.tidy({ ...gone, chain: [] }, at);
        await cinder.deleteVolume(id);
      }
      await removeAll(scopes.west, `vm-${run}-bank`, environment().ambient);
      await scopes.close();
      await rm(spoolDir, { recursive: true });
    });

    const first = new Map<string, VolumeCopy>();
    const toRead = (): readonly string[] =>
      environment().scale.isEveryVolumeRead ? ['vm-data', 'vm-empty'] : ['vm-data'];

    it('ships full backups of volumes with and without data, whole', async () => {
      for (const name of ['vm-data', 'vm-empty']) {
        const copy = await protect(name, 's1', null);
        expect(copy).to.include({ consistency: 'snapshot' });
        expect(copy.chain).to.have.length(1);
        first.set(name, copy);
        if (!toRead().includes(name)) continue;
        const found = await timed('verify content', () =>
          mover.verify(copy, 'content', session('verify')),
        );
        expect(found.findings).to.deep.equal([]);
        expect(found.objects).to.be.greaterThan(0);
      }
    });

    it('moves nothing for an unchanged volume', async () => {
      const before = first.get('vm-data')!;
      const again = await protect('vm-data', 's2', before);
      expect(count).to.include({ bytes: 0, objects: 0, copiedBytes: 0, copiedObjects: 0 });
      expect(again.chain).to.deep.equal(before.chain);
      expect(again.dataTime > before.dataTime).to.equal(true);
      const left = await collect(
        scopes.east.blockStorage.listBackups({ volumeId: before.resource.id }),
      );
      expect(left.map(({ id }) => id)).to.deep.equal(before.chain.map(({ backupId }) => backupId));
    });

    it('restores what was there, byte for byte', async () => {
      for (const name of toRead()) {
        const sha256 = await east.volumeSha256(volumes.get(name)!.id);
        await restoreAndCompare(first.get(name)!, sha256);
      }
    });

    it('ships a chain of four with overwritten, zeroed and trimmed blocks', async () => {
      const { id } = volumes.get('vm-chain')!;
      let copy = await protect('vm-chain', 'c1', null);
      const afterFirst = await east.volumeSha256(id);
      const full = copy;
      await east.writeVolume(id, 10 * mib + 12_345, { randomMiB: 3, seed: 3 });
      copy = await protect('vm-chain', 'c2', copy);
      await east.writeVolume(id, 20 * mib, Buffer.alloc(4 * mib));
      copy = await protect('vm-chain', 'c3', copy);
      await east.punchHole(id, 30 * mib, 5 * mib);
      await east.writeVolume(id, 1000 * mib, { randomMiB: 24, seed: 4 });
      copy = await protect('vm-chain', 'c4', copy);
      expect(copy.chain.map(({ incremental }) => incremental)).to.deep.equal([
        false,
        true,
        true,
        true,
      ]);
      const at = session('verify');
      const found = await timed('verify content', () => mover.verify(copy, 'content', at));
      expect(found.findings).to.deep.equal([]);
      await restoreAndCompare(copy, await east.volumeSha256(id));
      if (environment().scale.isEveryVolumeRead) await restoreAndCompare(full, afterFirst);
      first.set('vm-chain', copy);
    });

    it('finds altered and deleted objects, and repairs them from the primary', async () => {
      const copy = first.get('vm-chain')!;
      const backup = copy.chain[0]!;
      const { account } = scopes.west.objectStore;
      const path = { account, container: backup.container, object: `${backup.prefix}-00001` };
      await west.damageObject(path, 'alter');
      const at = session('verify');
      const found = await mover.verify(copy, 'content', at);
      expect(found.damaged).to.equal(1);
      expect(found.findings[0]).to.include({ subject: `${path.container}/${path.object}` });
      environment().say(`found: ${found.findings[0]!.problem}, ${found.findings[0]!.detail}`);
      const deleted = `${copy.chain[1]!.prefix}-00001`;
      await scopes.west.objectStore.delete(backup.container, deleted);
      const both = await mover.verify(copy, 'listing', at);
      expect(both.findings.map(({ problem }) => problem)).to.include('missing');
      const context = session('c5');
      const capture = await mover.capture(volumes.get('vm-chain')!, context);
      const damage = [...found.findings, ...both.findings];
      const repaired = await mover.ship(capture, { copy, damage }, context);
      await mover.tidy(repaired, context);
      expect(repaired.chain).to.deep.equal(copy.chain);
      expect(count.objects + count.copiedObjects).to.equal(2);
      const whole = await mover.verify(repaired, 'content', at);
      expect(whole.findings).to.deep.equal([]);
    });

    it('says beforehand that a volume type is not there', async () => {
      const copy = first.get('vm-empty')!;
      const foreign = { ...copy, targetVolumeType: 'no-such-type' };
      const found = await mover.obstacles([copy, foreign], order('failover', 'f'), session('f'));
      expect(found.map(({ resource, error }) => [resource, error.code])).to.deep.equal([
        [`volume/${copy.resource.id}`, 'volume.type-missing'],
      ]);
    });

    it('brings a failover’s volume up as it was, and again after it was forgotten', async () => {
      const copy = first.get('vm-empty')!;
      const at = session('failover');
      const failover = order('failover', 'f');
      const restored = await mover.restore(copy, failover, at);
      restoredIds.push(restored.id);
      const same = await mover.restore(copy, failover, at);
      expect(same.id).to.equal(restored.id);
      const volume = await scopes.west.blockStorage.getVolume(restored.id);
      expect(volume).to.include({ name: 'vm-empty', description: 'vm-empty of the test' });
      expect(volume?.metadata).to.deep.equal({ colour: 'blue' });
    });

    it('backs up without a snapshot', async () => {
      const cinder = scopes.east.blockStorage;
      const context = session('n1');
      const capture = await mover.capture(volumes.get('vm-empty')!, context);
      await cinder.deleteSnapshot(capture.snapshotId!);
      while ((await cinder.getSnapshot(capture.snapshotId!)) !== null)
        await environment().ambient.clock.sleep(500);
      const copy = await mover.ship({ ...capture, snapshotId: null }, null, context);
      copies.push(copy);
      expect(copy).to.include({ consistency: 'backup' });
      expect((await mover.verify(copy, 'content', session('v'))).findings).to.deep.equal([]);
    });
  });
