import { expect } from 'chai';
import type { SourceSweep } from '../../../replicator/mover.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { Setting } from './setting.ts';

describe('volume mover: what sessions left in a primary', () => {
  let at: Setting;
  beforeEach(async () => {
    at = await new Setting().open();
  });
  afterEach(() => {
    at.close();
  });

  function sweep(needed: Awaited<ReturnType<SourceSweep['needs']>>, installation = 'test') {
    const { source, signal } = at.session('none');
    return at.mover.sweep({ source, installation, needs: () => Promise.resolve(needed), signal });
  }

  /** A session that got as far as a backup in the making, and was broken off. */
  async function breakOff(id: string, before: VolumeCopy | null = null): Promise<void> {
    const stop = new AbortController();
    const session = { ...at.session(id), signal: stop.signal };
    const capture = await at.mover.capture(at.volume, session);
    at.east.stuckBackups = 1;
    at.east.after = (call) => {
      if (call === 'createBackup') stop.abort(new Error('broken off'));
    };
    const previous = before && { copy: before, damage: [] };
    await at.mover.ship(capture, previous, session).catch(() => undefined);
    at.east.after = undefined;
  }

  it('goes with a group that was deleted while a session ran: backup, snapshot, and status', async () => {
    await breakOff('s1');
    expect([...at.east.backups.values()].map(({ status }) => status)).to.deep.equal(['creating']);
    const { deleted, left } = await sweep('nothing');
    expect(deleted).to.have.length(2);
    expect(left).to.deep.equal([]);
    expect(at.east.backups.size).to.equal(0);
    expect(at.east.snapshots.size).to.equal(0);
    expect(at.east.volumes.get(at.volume.id)?.status).to.equal('available');
    expect(await sweep('nothing')).to.deep.equal({ deleted: [], left: [] });
  });

  it('takes a whole chain, youngest first, once no group needs it', async () => {
    const full = await at.protect('s1');
    at.write(0, Buffer.from('changed'));
    await at.protect('s2', full);
    const [oldest, youngest] = at.east.backups.keys();
    const { deleted } = await sweep('nothing');
    expect(deleted).to.deep.equal([`backup ${youngest}`, `backup ${oldest}`]);
    expect(at.east.backups.size).to.equal(0);
  });

  it('leaves after a failover the backups that a withdrawal would go on from', async () => {
    const full = await at.protect('s1');
    await breakOff('s2', full);
    const { deleted } = await sweep('base');
    expect(deleted).to.have.length(2);
    expect([...at.east.backups.keys()]).to.deep.equal([full.chain[0]?.backupId]);
    expect(at.east.snapshots.size).to.equal(0);
  });

  it('leaves alone what a living group, another installation or a user made', async () => {
    await breakOff('s2', await at.protect('s1'));
    await at.east.createSnapshot({ volumeId: at.volume.id, name: 'farshore-nightly' });
    await at.east.createBackup({
      volumeId: at.volume.id,
      name: 'farshore-of-a-user',
      description: 'Farshore protection group shop',
      incremental: false,
      force: false,
    });
    const before = [at.east.backups.size, at.east.snapshots.size];
    expect(await sweep('all')).to.deep.equal({ deleted: [], left: [] });
    expect(await sweep('nothing', 'another')).to.deep.equal({ deleted: [], left: [] });
    expect([at.east.backups.size, at.east.snapshots.size]).to.deep.equal(before);
    await sweep('nothing');
    expect([...at.east.backups.values()].map(({ name }) => name)).to.deep.equal([
      'farshore-of-a-user',
    ]);
    expect([...at.east.snapshots.values()].map(({ name }) => name)).to.deep.equal([
      'farshore-nightly',
    ]);
  });

  it('says what could not be deleted, and goes on with the rest', async () => {
    await breakOff('s1');
    at.east.before = (call) => {
      if (call === 'forceDeleteBackup') throw new Error('no right');
    };
    const { left } = await sweep('nothing');
    expect(left.map((what) => what.split(' ')[0])).to.deep.equal(['backup', 'snapshot']);
  });

  it('is done by the group’s own next session too', async () => {
    await breakOff('s1');
    const copy = await at.protect('s2');
    expect(await at.problems(copy)).to.deep.equal([]);
    expect(at.east.backups.size).to.equal(1);
    expect(at.east.snapshots.size).to.equal(0);
  });
});
