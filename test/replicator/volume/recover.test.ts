import { expect } from 'chai';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { rejection } from '../../support/rejection.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { noise, order, Setting } from './setting.ts';

const kib = 1024;

describe('volume mover: proof, restore, expiry', () => {
  let at: Setting;
  let copy: VolumeCopy;
  beforeEach(async () => {
    at = await new Setting().open();
    at.write(0, noise(1024 * kib, 'whole'));
    copy = await at.protect('s1');
    at.write(300 * kib, noise(20 * kib, 'second'));
    at.write(64 * kib, Buffer.alloc(40 * kib));
    copy = await at.protect('s2', copy);
  });
  afterEach(() => {
    at.close();
  });

  it('finds each object that is altered or cut short beneath the listing', async () => {
    const names = [...at.names(copy, 0), ...at.names(copy, 1)];
    for (const name of names) {
      for (const change of [
        (body: Buffer) => (
          body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1),
          body
        ),
        (body: Buffer) => body.subarray(0, body.length - 1),
      ]) {
        const undo = at.alter(copy, name, change);
        const found = await at.mover.verify(copy, 'content', at.session('v'));
        expect(
          found.findings.map(({ subject }) => subject),
          name,
        ).to.include(`volumebackups/${name}`);
        undo();
      }
    }
    expect(await at.problems(copy)).to.deep.equal([]);
  });

  it('finds a record that is gone, and restores all the same', async () => {
    at.west.backups.clear();
    expect(await at.problems(copy, 'listing')).to.deep.equal(['missing', 'missing']);
    const restored = await at.mover.restore(copy, order('failover'), at.session('r'));
    expect(at.west.volumes.get(restored.id)!.disk.bytes.equals(at.disk)).to.equal(true);
    expect(restored.notes).to.deep.equal(['volume type default became gold']);
  });

  it('drills: restores beside everything, checks every block, leaves nothing', async () => {
    const wish = order('drill');
    const session = at.session('r');
    const restored = await at.mover.restore(copy, wish, session);
    expect(restored.name).to.equal('farshore-drill-e1-ledger');
    const check = await at.mover.check(copy, restored, wish, session);
    expect(check).to.include({ state: 'verified', bytes: 1024 * kib });
    expect(at.westImages.stored.size).to.equal(0);
    expect(await at.mover.inventory(wish.scratch, session)).to.have.length(1);
    await at.mover.discard(copy, wish, session);
    expect(await at.mover.inventory(wish.scratch, session)).to.deep.equal([]);
    expect(await at.problems(copy)).to.deep.equal([]);
  });

  it('check tells a wrong block, a damaged list of hashes, and a refusal apart', async () => {
    const wish = order('drill');
    const session = at.session('r');
    const restored = await at.mover.restore(copy, wish, session);
    const { disk } = at.west.volumes.get(restored.id)!;
    disk.bytes.writeUInt8(disk.bytes.readUInt8(70_000) ^ 1, 70_000);
    const wrong = await at.mover.check(copy, restored, wish, session);
    expect(wrong).to.include({ state: 'mismatch', detail: '1 blocks differ, the first at 65536' });
    disk.bytes.writeUInt8(disk.bytes.readUInt8(70_000) ^ 1, 70_000);
    const file = at.names(copy, 1).find((name) => name.endsWith('_sha256file'))!;
    at.alter(copy, file, (body) =>
      Buffer.from(body.toString().replace(/"[0-9a-f]{64}"/, `"${'0'.repeat(64)}"`)),
    );
    expect(await at.mover.check(copy, restored, wish, session)).to.include({ state: 'unchecked' });
    at.west.before = (call) => {
      if (call === 'uploadToImage') throw refusal(413, 'POST', 'action');
    };
    expect(await at.mover.check(copy, restored, wish, session)).to.include({ state: 'unchecked' });
    expect(at.westImages.stored.size).to.equal(0);
  });

  it('restores nothing that is not listed whole', async () => {
    const [name] = at.names(copy, 0) as [string];
    await at.westStore.delete('volumebackups', name);
    const error = await rejection(at.mover.restore(copy, order('failover'), at.session('r')));
    expect(error).to.include({ code: 'volume.copy-damaged', subject: `volumebackups/${name}` });
    expect(at.west.volumes.size).to.equal(0);
  });

  it('removes a stray that would stop Cinder, in a failover only', async () => {
    const stray = `${copy.chain[0]!.prefix}-00099`;
    await at.westStore.put('volumebackups', stray, 'x', { contentLength: 1 });
    expect(await rejection(at.mover.restore(copy, order('drill'), at.session('r')))).to.include({
      code: 'volume.copy-damaged',
    });
    const restored = await at.mover.restore(copy, order('failover'), at.session('r'));
    expect(restored.notes[0]).to.include(stray);
    expect(at.west.volumes.get(restored.id)!.disk.bytes.equals(at.disk)).to.equal(true);
  });

  it('takes a new volume after a restore that broke off', async () => {
    const wish = order('failover');
    at.west.failNext.add('restore');
    const error = await rejection(at.mover.restore(copy, wish, at.session('r')));
    expect(error).to.include({ code: 'volume.restore-failed', kind: 'transient' });
    expect(at.west.volumes.size).to.equal(0);
    const restored = await at.mover.restore(copy, wish, at.session('r'));
    expect(at.west.volumes.get(restored.id)!.disk.bytes.equals(at.disk)).to.equal(true);
  });

  it('restores into no volume twice, whatever it knows of what became of the first time', async () => {
    const wish = order('failover');
    let lost = 1;
    at.west.notesSource = false;
    at.west.after = (call) => {
      if (call === 'restoreBackup' && lost-- > 0) throw new Error('killed');
    };
    await at.mover.restore(copy, wish, at.session('r')).catch(() => undefined);
    const [first] = at.west.restoredInto;
    const unsure = await rejection(at.mover.restore(copy, wish, at.session('r')));
    expect(unsure).to.include({ code: 'volume.restore-failed', kind: 'transient' });
    expect(at.west.volumes.has(first!)).to.equal(false);
    const restored = await at.mover.restore(copy, wish, at.session('r'));
    expect(at.west.restoredInto).to.deep.equal([first, restored.id]);
    expect(at.west.volumes.size).to.equal(1);
    expect(at.west.volumes.get(restored.id)!.disk.bytes.equals(at.disk)).to.equal(true);
  });

  it('takes a volume that Cinder says it restored to the end, after a kill', async () => {
    const wish = order('failover');
    let lost = 1;
    at.west.after = (call) => {
      if (call === 'restoreBackup' && lost-- > 0) throw new Error('killed');
    };
    await at.mover.restore(copy, wish, at.session('r')).catch(() => undefined);
    const restored = await at.mover.restore(copy, wish, at.session('r'));
    expect(at.west.restoredInto).to.deep.equal([restored.id]);
    expect(at.west.volumes.get(restored.id)!.disk.bytes.equals(at.disk)).to.equal(true);
  });

  it('never takes up a volume that a restore was ordered into, though it bears the marks still', async () => {
    const wish = order('failover');
    let isDown = true;
    at.west.before = (call) => {
      if (call === 'restoreBackup' && isDown) throw new Error('killed');
    };
    await at.mover.restore(copy, wish, at.session('r')).catch(() => undefined);
    await wish.memo.set('volume', '');
    isDown = false;
    const [asked] = at.west.volumes.keys();
    const restored = await at.mover.restore(copy, wish, at.session('r'));
    expect(restored.id).to.not.equal(asked);
  });

  it('passes a full quota on and leaves nothing half-made', async () => {
    at.west.before = (call) => {
      if (call === 'createVolume')
        throw refusal(413, 'POST', 'volumes', 'block-storage.quota-exceeded');
    };
    const error = await rejection(at.mover.restore(copy, order('drill'), at.session('r')));
    expect(error.code).to.equal('block-storage.quota-exceeded');
    expect(at.west.volumes.size).to.equal(0);
  });

  it('expires only what no kept chain names', async () => {
    const old = { ...copy, chain: copy.chain.slice(0, 1) };
    await at.mover.expire([old], [copy], at.session('x'));
    expect(await at.problems(copy)).to.deep.equal([]);
    await at.mover.expire([copy], [old], at.session('x'));
    expect(await at.problems(old)).to.deep.equal([]);
    expect(at.names(copy, 1)).to.deep.equal([]);
    expect(at.west.backups.size).to.equal(1);
  });

  it('never deletes in the primary’s own container of a shared Swift', async () => {
    const shared = { ...at.session('x'), sharedSwift: true };
    const error = await rejection(at.mover.expire([copy], [], shared));
    expect(error.code).to.equal('volume.container-shared');
    expect(await at.problems(copy)).to.deep.equal([]);
  });
});
