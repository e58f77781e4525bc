import { mkdtemp, rm } from 'node:fs/promises';
import { afterSleep } from '../support/after-sleep.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { noProgress, type Waiting } from '../../kernel/progress.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { SessionContext } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { makeVolume } from '../contract/support/shop.ts';
import { testIdentity } from '../support/identity.ts';
import { collect, rejection } from '../support/rejection.ts';
import { type EmbeddedEnvironment, embeddedEnvironment } from './environment.ts';

const minuteMs = 60_000;

/** Minutes go by in milliseconds where it is told so; the regions' own clock is the system's. */
class HurriedClock implements Clock {
  isHurried = false;
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await systemClock.sleep(this.isHurried ? 5 : 100, signal);
    if (this.isHurried) this.#aheadMs += ms - 5;
  }

  after(ms: number, run: () => void): () => void {
    return afterSleep(this, ms, run);
  }
}

describe('a Cinder backup that does not move, on embedded regions', function () {
  this.timeout(120_000);
  const clock = new HurriedClock();
  const told: Waiting[] = [];
  let environment: EmbeddedEnvironment;
  let scopes: Scopes;
  let spoolDir: string;
  let mover: ReturnType<typeof createVolumeMover>;

  before(async () => {
    environment = await embeddedEnvironment();
    scopes = await openScopes(environment);
    spoolDir = await mkdtemp(join(tmpdir(), 'farshore-stalled-'));
    mover = createVolumeMover({ ambient: { ...environment.ambient, clock } });
  });
  after(async () => {
    await scopes.close();
    await environment.close();
    await rm(spoolDir, { recursive: true });
  });
  beforeEach(() => {
    told.length = 0;
    environment.faults.east.heal();
    clock.isHurried = false;
  });

  function session(sessionId: string, group: string): SessionContext {
    const bank = createBank({
      identity: testIdentity(),
      store: scopes.west.objectStore,
      container: 'bank',
      spoolDir,
      ambient: environment.ambient,
    });
    const waiting = (_subject: string, seen: Waiting | null): void => {
      if (seen !== null) told.push(seen);
    };
    return {
      group,
      sessionId,
      isResumed: false,
      source: scopes.east,
      target: scopes.west,
      bank,
      sharedSwift: false,
      mappings: {},
      options: { volume: { maxIncrementals: 6 } },
      spoolDir,
      progress: { ...noProgress, waiting },
      signal: new AbortController().signal,
    };
  }

  async function volume(name: string) {
    const id = await makeVolume(environment, scopes.east, name);
    return { kind: 'volume', id, name } as const;
  }

  it('is named, given up and deleted, and the next session goes well', async () => {
    const resource = await volume('quiet');
    const first = session('s1', 'quiet');
    const capture = await mover.capture(resource, first);
    environment.faults.east.set({ backupService: 'stalled' });
    const startMs = clock.monotonicMs();
    clock.isHurried = true;
    const error = await rejection(mover.ship(capture, null, first));
    clock.isHurried = false;
    expect(error).to.include({ code: 'volume.backup-stalled', kind: 'permanent' });
    expect(clock.monotonicMs() - startMs).to.be.below(30 * minuteMs);
    expect(told.find(({ isStalled }) => isStalled)?.text).to.include('see its log');
    environment.faults.east.heal();
    const cinder = scopes.east.blockStorage;
    expect(await collect(cinder.listBackups({ volumeId: resource.id }))).to.deep.equal([]);
    const second = session('s2', 'quiet');
    const copy = await mover.ship(await mover.capture(resource, second), null, second);
    await mover.tidy(copy, second);
    expect((await mover.verify(copy, 'content', second)).findings).to.deep.equal([]);
    expect(await collect(cinder.listSnapshots({ volumeId: resource.id }))).to.deep.equal([]);
  });

  it('tells of the snapshot that somebody has on a file back end', async () => {
    const resource = await volume('twice');
    // As a session that was broken off, or an operator's script, leaves one.
    const theirs = await scopes.east.blockStorage.createSnapshot({
      volumeId: resource.id,
      name: 'nightly',
    });
    const own = session('s3', 'twice');
    const capture = await mover.capture(resource, own);
    clock.isHurried = true;
    const error = await rejection(mover.ship(capture, null, own));
    expect(error.hint).to.include(theirs.id).and.to.include('nightly').and.to.include('NFS');
  });

  it('says that cinder-backup went down', async () => {
    const resource = await volume('down');
    const own = session('s4', 'down');
    const capture = await mover.capture(resource, own);
    const cinder = scopes.east.blockStorage;
    environment.faults.east.set({ backupService: 'stalled' });
    const shipped = rejection(mover.ship(capture, null, own));
    while ((await collect(cinder.listBackups({ volumeId: resource.id }))).length === 0)
      await systemClock.sleep(5);
    environment.faults.east.set({ backupService: 'down' });
    clock.isHurried = true;
    expect((await shipped).hint).to.include('no cinder-backup is up and enabled in east');
  });
});
