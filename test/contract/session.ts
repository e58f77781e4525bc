import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { noProgress } from '../../kernel/progress.ts';
import { systemRandom } from '../../kernel/random.ts';
import { ownerObject } from '../../replicator/bank/owner.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { createImageMover } from '../../replicator/image/mover.ts';
import {
  moverOf,
  type Movers,
  type ResourceRef,
  type TargetContext,
} from '../../replicator/mover.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { withChecks } from '../../replicator/point/members.ts';
import { checkPoint } from '../../replicator/point/verify-point.ts';
import { noExemptions } from '../../replicator/retention/decide.ts';
import { expirePoints } from '../../replicator/retention/expire-points.ts';
import { newSession } from '../../replicator/session/new-session.ts';
import { runSession } from '../../replicator/session/runner.ts';
import type { Session } from '../../replicator/session/types.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import { known } from '../support/known-kinds.ts';
import { collect } from '../support/rejection.ts';
import { MemoryLedger } from '../support/memory/ledger.ts';
import type { Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { testIdentity } from '../support/identity.ts';

const mib = 1024 * 1024;
const imageBytes = 4 * mib;

/** One volume and one image; the ledger alone is in memory. */
export const sessionSuite: Suite = (environment) =>
  describe('sessions', function () {
    this.timeout(600_000);
    const group = `se-${systemRandom.id().slice(0, 6)}`;
    const { signal } = new AbortController();
    const ledger = new MemoryLedger();
    let movers: Movers;
    let opened: Scopes;
    let spoolDir: string;
    let bank: Bank;
    let volume: ResourceRef;
    let image: ResourceRef;

    before(async () => {
      const { ambient } = environment();
      movers = {
        volume: createVolumeMover({ ambient }),
        image: createImageMover({ ambient }),
      };
      opened = await openScopes(environment());
      spoolDir = await mkdtemp(join(tmpdir(), 'farshore-session-'));
      const { east, west } = opened;
      bank = createBank({
        store: west.objectStore,
        container: `${group}-bank`,
        identity: testIdentity(),
        spoolDir,
        ambient,
      });
      const made = await east.blockStorage.createVolume({ name: `${group}-v`, sizeGib: 1 });
      volume = { kind: 'volume', id: made.id, name: made.name };
      const { id } = await east.images.create({
        name: `${group}-i`,
        diskFormat: 'raw',
        containerFormat: 'bare',
        visibility: 'private',
      });
      await east.images.upload(id, Readable.from([randomBytes(imageBytes)]), imageBytes);
      image = { kind: 'image', id, name: `${group}-i` };
      while ((await east.blockStorage.getVolume(made.id))?.status !== 'available')
        await environment().ambient.clock.sleep(500);
    });

    after(async () => {
      const { east, west } = opened;
      // Newest first: Cinder keeps a backup that an incremental builds on.
      for (;;) {
        const left = await collect(east.blockStorage.listBackups({ volumeId: volume.id }));
        const [newest] = left.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
        if (newest === undefined) break;
        if (newest.status !== 'deleting') await east.blockStorage.deleteBackup(newest.id);
        await environment().ambient.clock.sleep(500);
      }
      await east.blockStorage.deleteVolume(volume.id);
      await east.images.delete(image.id);
      for await (const row of west.objectStore.list(bank.container))
        await west.objectStore.delete(bank.container, row.name);
      await west.objectStore.deleteContainer(bank.container);
      await opened.close();
      await rm(spoolDir, { recursive: true });
    });

    function at(): TargetContext {
      const target = opened.west;
      return { group, target, bank, sharedSwift: false, progress: noProgress, signal };
    }

    async function protect(with_: Movers = movers): Promise<Session> {
      const { ambient } = environment();
      const order = {
        group,
        generation: 1,
        sourceRegion: 'east',
        targetRegion: 'west',
        resources: [volume, image],
      };
      const claimed = newSession(order, ambient, await ledger.session(group));
      await ledger.saveSession(claimed);
      const session = await runSession(claimed, {
        ledger,
        movers: with_,
        ambient,
        clockAheadMs: () => 0,
        exemptions: () => Promise.resolve(noExemptions),
        changeLimitPercent: 100,
        retention: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
        openContext: () =>
          Promise.resolve({
            source: opened.east,
            target: opened.west,
            bank,
            sharedSwift: false,
            mappings: {},
            options: { volume: { maxIncrementals: 6 } },
            spoolDir,
          }),
        progressOf: () => noProgress,
        held: () => Promise.resolve(false),
        shipAtOnce: 2,
        signal,
      });
      const seconds = (Date.parse(session.endedAt!) - Date.parse(session.startedAt)) / 1000;
      environment().say(
        `${session.phase} in ${seconds} s, moved ${session.moved.bytes} B, ${session.moved.objects} objects ${session.error?.message ?? ''}`,
      );
      return session;
    }

    const snapshots = async (): Promise<number> =>
      (await collect(opened.east.blockStorage.listSnapshots({ volumeId: volume.id }))).length;

    it('prove a point, and leave no snapshot in the primary', async () => {
      const session = await protect();
      expect(session).to.deep.include({ phase: 'done', warnings: 0 });
      expect(session.moved.bytes).to.be.at.least(imageBytes);
      expect(await snapshots()).to.equal(0);
      const [point] = (await ledger.points(group)) as [RecoveryPoint];
      const checks = await checkPoint(point, 'content', { movers, at: at() });
      const checked = withChecks(point, checks, 'content', point.committedAt);
      expect(checked.state).to.equal('proven');
    });

    it('go on after one that failed, from what it had shipped, and expire the point before', async () => {
      const unverified = (kind: string) => ({
        ...moverOf(movers, kind),
        verify: () => Promise.reject(new Error('not now')),
      });
      const failing = { image: unverified('image'), volume: unverified('volume') };
      await environment().regions.east.writeVolume(volume.id, 5 * mib, randomBytes(mib));
      const failed = await protect(failing);
      expect(failed.phase).to.equal('failed');
      const reasons = Object.values(failed.failures ?? {}).map(({ message }) => message);
      expect(reasons, 'shipped, and given up after that').to.deep.equal(['not now', 'not now']);
      expect(failed.copies).to.have.all.keys(`volume/${volume.id}`, `image/${image.id}`);
      expect(await snapshots(), 'a failed session tidies what it shipped').to.equal(0);

      await environment().regions.east.writeVolume(volume.id, 9 * mib, randomBytes(mib));
      const session = await protect();
      expect(session.phase).to.equal('done');
      const copy = known(session.copies[`volume/${volume.id}`]!);
      expect(copy.kind === 'volume' && copy.chain.length, 'full, and two incrementals').to.equal(3);
      expect(session.moved.bytes).to.be.below(imageBytes);
      expect((await ledger.points(group)).map(({ id }) => id)).to.deep.equal([session.pointId]);
    });

    it('find a manifest that was altered, and expire everything in the end', async () => {
      const [point] = (await ledger.points(group)) as [RecoveryPoint];
      const body = (await bank.readManifest(group, point.id))!;
      const altered = Buffer.from(body.toString().replace('"generation":1', '"generation":2'));
      await bank.writeManifest(group, point.id, altered);
      const checks = await checkPoint(point, 'listing', { movers, at: at() });
      const checked = withChecks(point, checks, 'listing', point.committedAt);
      expect(checked.state).to.equal('damaged');
      await bank.writeManifest(group, point.id, body);

      const held = (): Promise<boolean> => Promise.resolve(false);
      await expirePoints([point], {
        ledger,
        movers,
        at: at(),
        held,
        clock: environment().ambient.clock,
        log: environment().ambient.log,
      });
      expect(await ledger.points(group)).to.be.empty;
      const { west } = opened;
      expect(await west.images.get(image.id)).to.equal(null);
      expect(await collect(west.blockStorage.listBackups({ volumeId: volume.id }))).to.be.empty;
      // What remains is no group's: whose bank it is, and the key by which to tell.
      const { by } = await testIdentity().sign(Buffer.alloc(0));
      const key = `.keys/${by.fingerprint.replace('sha256:', '')}.json`;
      const left = await collect(west.objectStore.list(bank.container));
      expect(left.map(({ name }) => name)).to.have.members([ownerObject, key]);
    });
  });
