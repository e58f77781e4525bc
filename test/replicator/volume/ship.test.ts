import { expect } from 'chai';
import { rejection } from '../../support/rejection.ts';
import { noise, Setting } from './setting.ts';

const kib = 1024;

describe('volume mover: capture and shipping', () => {
  let at: Setting;
  beforeEach(async () => {
    at = await new Setting().open();
  });
  afterEach(() => {
    at.close();
  });

  it('ships a full backup whole, marker last, and leaves only the backup in the primary', async () => {
    const copy = await at.protect('s1');
    const puts = at.westStore.requests.filter(
      (request) => request.method === 'PUT' && request.container === 'volumebackups',
    );
    expect(puts.at(-1)!.object).to.match(/_metadata$/);
    expect(puts.at(-2)!.object).to.match(/_sha256file$/);
    expect(copy).to.include({ consistency: 'snapshot', objects: 6, targetVolumeType: 'gold' });
    expect(at.tally.objects).to.equal(6);
    expect(await at.problems(copy)).to.deep.equal([]);
    expect(at.east.snapshots.size).to.equal(0);
    expect([...at.east.backups.keys()]).to.deep.equal(copy.chain.map((each) => each.backupId));
    expect(copy.chain[0]!.record).to.include({ project_id: 'west', user_id: 'west-user' });
  });

  it('ships only what changed, and nothing when nothing did', async () => {
    const first = await at.protect('s1');
    at.write(100 * kib, noise(10 * kib, 'second'));
    const second = await at.protect('s2', first);
    expect(second.chain.map(({ incremental }) => incremental)).to.deep.equal([false, true]);
    expect(at.tally.objects).to.equal(3);
    const third = await at.protect('s3', second);
    expect(at.tally).to.include({ moved: 0, objects: 0 });
    expect(third.chain).to.deep.equal(second.chain);
    expect(third.dataTime > second.dataTime).to.equal(true);
    expect(at.east.backups.size).to.equal(2);
    expect(await at.problems(third)).to.deep.equal([]);
  });

  it('begins a new chain after maxIncrementals, and after the volume grew', async () => {
    let copy = await at.protect('s0');
    for (const pass of [1, 2, 3, 4]) {
      at.write(0, noise(kib, `pass ${pass}`));
      copy = await at.protect(`s${pass}`, copy);
    }
    expect(copy.chain).to.have.length(1);
    expect(at.east.backups.size).to.equal(1);
  });

  it('takes a full backup when somebody else’s is newer', async () => {
    const first = await at.protect('s1');
    const other = await at.east.createBackup({
      volumeId: at.volume.id,
      name: 'theirs',
      incremental: false,
      force: false,
    });
    await at.east.getBackup(other.id);
    const second = await at.protect('s2', first);
    expect(second.chain).to.have.length(1);
    expect(at.east.backups.has(other.id)).to.equal(true);
  });

  it('falls back to the backup as the cut where no snapshot can be made', async () => {
    at.east.failNext.add('snapshot');
    const copy = await at.protect('s1');
    expect(copy.consistency).to.equal('backup');
    expect(at.east.snapshots.size).to.equal(0);
    expect(await at.problems(copy)).to.deep.equal([]);
  });

  it('makes a full backup after an incremental failed', async () => {
    const first = await at.protect('s1');
    at.east.failNext.add('backup');
    at.write(0, noise(kib, 'x'));
    const second = await at.protect('s2', first);
    expect(second.chain).to.have.length(1);
    expect(at.east.backups.size).to.equal(1);
  });

  for (const left of ['unknown', 'available', 'backing-up', 'in-use'])
    it(`mends a snapshot left backing-up and a volume left ${left}, waits for the services to report, and goes on`, async () => {
      at.east.failNext.add('unscheduled');
      at.east.previousStatus = left;
      const before = at.clock.now();
      expect((await at.protect('s1')).chain).to.have.length(1);
      expect(at.clock.now() - before).to.be.at.least(60_000);
      expect(at.east.volumes.get(at.volume.id)!.status).to.equal('available');
      expect(at.east.snapshots.size).to.equal(0);
    });

  it('leaves a volume alone of whose status something else may be the cause', async () => {
    at.east.failNext.add('unscheduled');
    at.east.previousStatus = 'retyping';
    expect(await rejection(at.protect('s1'))).to.be.instanceOf(Error);
    expect(at.east.calls).not.to.include('resetVolumeStatus');
  });

  for (const [call, left] of [
    ['resetVolumeStatus', 'unknown'],
    ['resetSnapshotStatus', 'unknown'],
    ['resetSnapshotStatus', 'available'],
  ] as const)
    it(`mends it in the next session when it was killed before ${call}, the volume ${left}`, async () => {
      at.east.failNext.add('unscheduled');
      at.east.previousStatus = left;
      at.east.before = (asked) => {
        if (asked === call) throw new Error('killed');
      };
      const killed = await at.protect('s1').catch((error: unknown) => error);
      expect(killed).to.be.instanceOf(Error).with.property('message', 'killed');
      at.east.before = undefined;
      const volume = at.east.volumes.get(at.volume.id)!;
      volume.isAttached = true;
      if (volume.status === 'available') volume.status = 'in-use';
      expect((await at.protect('s2')).chain).to.have.length(1);
      expect(volume.status).to.equal('in-use');
      expect(at.east.snapshots.size).to.equal(0);
    });

  it('refuses what it cannot do, each with its own code', async () => {
    const volume = at.east.volumes.get(at.volume.id)!;
    volume.encrypted = true;
    expect(await rejection(at.protect('s1'))).to.include({ code: 'volume.encryption-unsupported' });
    volume.encrypted = false;
    volume.status = 'extending';
    expect(await rejection(at.protect('s1'))).to.include({ kind: 'transient' });
    at.east.volumes.clear();
    expect(await rejection(at.protect('s1'))).to.include({ code: 'volume.not-found' });
  });

  it('asks for no backup while no cinder-backup is up, and goes on when one is', async () => {
    at.east.backupService = false;
    expect(await rejection(at.protect('s1'))).to.include({
      code: 'volume.no-backup-service',
      kind: 'transient',
    });
    expect(at.east.backups.size).to.equal(0);
    at.east.backupService = null;
    expect((await at.protect('s1')).chain).to.have.length(1);
    expect(at.east.snapshots.size).to.equal(0);
  });

  it('repairs what is damaged or missing from the primary, and removes strays', async () => {
    const copy = await at.protect('s1');
    const [first, second] = at.names(copy, 0) as [string, string];
    at.alter(copy, first, (body) => body.fill(7));
    await at.westStore.delete('volumebackups', second);
    const { prefix } = copy.chain[0]!;
    await at.westStore.put('volumebackups', `${prefix}-99999`, 'stray', { contentLength: 5 });
    const found = await at.mover.verify(copy, 'content', at.session('v'));
    expect(found.findings.map(({ problem }) => problem)).to.have.members([
      'altered',
      'missing',
      'missing',
      'unexpected',
    ]);
    const repaired = await at.protect('s2', copy, found.findings);
    expect(at.tally.objects).to.equal(2);
    expect(repaired.chain).to.deep.equal(copy.chain);
    expect(await at.problems(repaired)).to.deep.equal([]);
  });

  it('writes a lost catalog again, and begins anew when the primary cannot repair', async () => {
    const copy = await at.protect('s1');
    at.westStore.stored.get('bank')!.current.clear();
    expect(await at.problems(copy, 'listing')).to.deep.equal(['unreadable']);
    const again = await at.protect('s2', copy);
    expect(again.chain).to.deep.equal(copy.chain);
    await at.westStore.delete('volumebackups', at.names(copy, 0)[0]!);
    at.east.backups.clear();
    const fresh = await at.protect('s3', again);
    expect(fresh.chain[0]!.backupId).not.to.equal(copy.chain[0]!.backupId);
    expect(await at.problems(fresh)).to.deep.equal([]);
  });

  it('waits for a listing that lags instead of believing it', async () => {
    await at.eastStore.putContainer('volumebackups');
    await at.westStore.putContainer('volumebackups');
    at.westStore.lag();
    const { clock } = at;
    const sleep = clock.sleep.bind(clock);
    let naps = 0;
    clock.sleep = (ms, signal) => {
      naps += 1;
      if (naps === 20) at.westStore.settle();
      return sleep(ms, signal);
    };
    const copy = await at.protect('s1');
    expect(naps).to.be.greaterThan(19);
    expect(await at.problems(copy)).to.deep.equal([]);
  });

  it('copies inside one shared Swift, into a container of the copies’ own', async () => {
    at.close();
    at = await new Setting({ sharedSwift: true }).open();
    const copy = await at.protect('s1');
    expect(copy.chain[0]!.container).to.equal('volumebackups_west');
    expect(copy.chain[0]!.record).to.include({ container: 'volumebackups_west' });
    expect(at.tally).to.include({ moved: 0, copied: 6 });
    expect(await at.problems(copy)).to.deep.equal([]);
    await at.mover.tidy({ ...copy, chain: [] }, at.session('s1'));
    expect(at.eastStore.stored.get('volumebackups')!.current.size).to.equal(0);
    expect(await at.problems(copy)).to.deep.equal([]);
  });
});
