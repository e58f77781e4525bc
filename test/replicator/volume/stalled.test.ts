import { expect } from 'chai';
import type { Waiting } from '../../../kernel/progress.ts';
import type { SessionContext } from '../../../replicator/mover.ts';
import { rejection } from '../../support/rejection.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { Setting } from './setting.ts';

const minuteMs = 60_000;

describe('volume mover: a backup that does not move', () => {
  let at: Setting;
  let told: (Waiting & { readonly atMs: number })[];
  beforeEach(async () => {
    at = await new Setting().open();
    told = [];
  });
  afterEach(() => {
    at.close();
  });

  function session(id: string): SessionContext {
    const made = at.session(id);
    const waiting = (subject: string, seen: Waiting | null): void => {
      expect(subject).to.equal(`volume ledger ${at.volume.id}`);
      if (seen !== null) told.push({ ...seen, atMs: at.clock.monotonicMs() });
    };
    return { ...made, progress: { ...made.progress, waiting } };
  }

  async function stall(id: string) {
    const own = session(id);
    const capture = await at.mover.capture(at.volume, own);
    at.east.stuckBackups = 1;
    return rejection(at.mover.ship(capture, null, own));
  }

  it('is named within minutes with its cause, and fails that resource for good', async () => {
    const error = await stall('s1');
    expect(error).to.include({ code: 'volume.backup-stalled', kind: 'permanent' });
    expect(error.subject).to.include('ledger');
    expect(error.hint).to.include('up but at work on nothing of it');
    const first = told.find(({ isStalled }) => isStalled);
    expect(first?.atMs).to.be.within(5 * minuteMs, 6 * minuteMs);
    expect(first?.text).to.include('does not move').and.to.include('cinder-backup');
    expect(at.clock.monotonicMs()).to.be.below(22 * minuteMs);
  });

  it('leaves neither a backup being made nor a snapshot that cannot be deleted', async () => {
    await stall('s1');
    expect(at.east.backups.size).to.equal(0);
    expect([...at.east.snapshots.values()].map(({ status }) => status)).to.deep.equal([
      'available',
    ]);
    const copy = await at.protect('s2');
    expect(await at.problems(copy)).to.deep.equal([]);
    expect(at.east.snapshots.size).to.equal(0);
  });

  it('gives a volume that was backed up without a snapshot its status back', async () => {
    at.east.before = (call) => {
      if (call === 'createSnapshot') throw refusal(400, 'POST', 'snapshots');
    };
    await stall('s1');
    expect(at.east.backups.size).to.equal(0);
    expect(at.east.volumes.get(at.volume.id)?.status).to.equal('available');
  });

  it('names a cinder-backup that is down, and other snapshots of the volume', async () => {
    const theirs = await at.east.createSnapshot({ volumeId: at.volume.id, name: 'nightly' });
    expect((await stall('s1')).hint)
      .to.include(`${theirs.id} (nightly)`)
      .and.to.include('NFS');
    at.east.after = (call) => {
      if (call === 'createBackup') at.east.backupService = false;
    };
    expect((await stall('s2')).hint).to.include('no cinder-backup is up and enabled in east');
  });

  it('says why it was not deleted where the right is missing, and fails all the same', async () => {
    at.east.before = (call) => {
      if (call === 'forceDeleteBackup') throw refusal(403, 'POST', 'action');
    };
    expect(await stall('s1')).to.include({ code: 'volume.backup-stalled' });
    expect(at.east.backups.size).to.equal(1);
  });

  it('is waited for as long as objects come, and as long as others end before it', async () => {
    const own = session('s1');
    const capture = await at.mover.capture(at.volume, own);
    at.east.stuckBackups = 1;
    const prefix = (id: string): string =>
      `volume_${at.volume.id}/20261121080100/az_nova_backup_${id}`;
    let looks = 0;
    at.east.before = (call) => {
      if (call !== 'getBackup') return;
      looks += 1;
      const [stuck] = [...at.east.backups.values()];
      if (stuck === undefined || looks % 60 !== 0) return;
      const name = `${prefix(stuck.id)}-${String(looks / 60).padStart(5, '0')}`;
      void at.eastStore.put('volumebackups', name, 'x', { contentLength: 1 });
      if (looks === 600) stuck.status = 'error';
    };
    await at.eastStore.putContainer('volumebackups');
    at.east.stuckBackups = 1;
    await at.mover.ship(capture, null, own);
    expect(at.clock.monotonicMs()).to.be.above(90 * minuteMs);
    expect(told.filter(({ isStalled }) => isStalled)).to.not.be.empty;
    expect(told.some(({ text }) => /: 9 objects, 9 bytes so far$/.test(text))).to.equal(true);
  });
});
