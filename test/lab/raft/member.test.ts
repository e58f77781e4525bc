import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { clusterKeys } from '../../../controller/raft/keys.ts';
import { memberFlags } from '../../../controller/raft/member/flags.ts';
import { launch } from '../../../controller/raft/member/running.ts';
import { memberRecord } from '../../../controller/raft/require-member.ts';
import { openSession, type RaftSession } from '../../../controller/raft/session.ts';
import type { RaftStatus } from '../../../controller/raft/status.ts';
import { keys } from '../../../controller/state/keys.ts';
import { LevelStore } from '../../../controller/store/level-store.ts';
import { put } from '../../../controller/store/store.ts';
import { hasEtcd } from '../../support/etcd.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { Site, until } from './site.ts';

const head = { generation: 7, primary: 'west', secondary: 'east' };

/** Three sites on loopback, from their beginning to the loss of two and back, as operators do it. */
describe('members of three sites', function () {
  this.timeout(240_000);
  let root: string;
  let east: Site;
  let west: Site;
  let witness: Site;
  const port = 20_000 + (process.pid % 20_000);
  const sites = {
    east: `127.0.0.1:${port}:${port + 1}`,
    west: `127.0.0.1:${port + 2}:${port + 3}`,
    witness: `127.0.0.1:${port + 4}:${port + 5}`,
  };
  const snapshot = () => join(root, 'state.snapshot');

  before(async function () {
    if (!hasEtcd) this.skip();
    root = await mkdtemp(join(tmpdir(), 'farshore-members-'));
    east = await Site.create(root, 'east', sites);
    west = await Site.create(root, 'west', sites);
    witness = await Site.create(root, 'witness', sites);
  });
  after(async () => {
    if (!hasEtcd) return;
    await Promise.all([east, west, witness].map((site) => site.kill()));
    await rm(root, { recursive: true });
  });

  const status = async (site: Site): Promise<RaftStatus & { readonly code: number }> => {
    const { code, stdout } = await site.run('raft', 'status', '-o', 'json');
    return { code, ...(JSON.parse(stdout) as RaftStatus) };
  };
  const untilWhole = (site: Site) =>
    until(
      async () => (await site.run('raft', 'status')).code === 0,
      async () => `${(await site.run('raft', 'status')).stdout}${await site.said()}`,
    );
  const within = async <T>(site: Site, work: (session: RaftSession) => Promise<T>): Promise<T> => {
    const session = await openSession(await site.managed(), systemAmbient);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  const headOf = (site: Site) =>
    within(site, async (session) => (await session.store().get(keys.head('shop')))?.value);

  it("begins with three orders, and carries the single controller's state over", async () => {
    const single = await LevelStore.open(join(east.dataDir, 'state'));
    await single.transact([], [put(keys.head('shop'), head)]);
    await single.close();
    expect(await east.order('raft', 'init')).to.contain('is carried over');
    await west.order('raft', 'join', join(east.dir, 'farshore-west.bundle.json'));
    await witness.order('raft', 'join', join(east.dir, 'farshore-witness.bundle.json'));
    for (const site of [east, west, witness]) site.start('serve');
    const tookMs = await untilWhole(east);
    console.log(`      three controllers to a quorum: ${Math.round(tookMs)} ms`);
    await until(
      async () => (await headOf(west)) !== undefined,
      () => east.said(),
    );
    expect(await headOf(witness)).to.deep.equal(head);
    expect((await readdir(east.dataDir)).join()).to.match(/state\.imported-/);
    const ready = await within(west, async (session) => session.store().get(clusterKeys.ready));
    expect(ready?.value).to.include({ site: 'east', from: 'level' });
  });

  it('the member of a killed controller runs on, and the next one takes it over', async () => {
    const pid = await west.memberPid();
    await west.killController();
    expect((await status(east)).code).to.equal(0);
    west.start('serve');
    await until(
      async () => (await west.said()).includes('etcd of an earlier run goes on'),
      () => west.said(),
    );
    expect(await west.memberPid()).to.equal(pid);
  });

  it('a site that was lost is missed by nobody but the status, and comes back', async () => {
    await west.kill();
    expect((await status(east)).code).to.equal(1);
    expect((await status(east)).hasQuorum).to.equal(true);
    west.start('serve');
    await untilWhole(east);
  });

  it('a site is taken out and in again, with a vote once it has caught up', async () => {
    expect(await east.order('raft', 'remove', 'witness', '--yes')).to.contain('raft.sites');
    expect(await witness.ended(30_000)).to.equal(1);
    expect(await witness.said()).to.contain('was removed');
    await east.order('raft', 'add', 'witness');
    const bundle = join(east.dir, 'farshore-witness.bundle.json');
    expect((await witness.run('raft', 'join', bundle)).code).to.equal(1);
    await witness.order('raft', 'join', bundle, '--reset');
    witness.start('serve');
    const tookMs = await untilWhole(east);
    console.log(`      a member taken in again votes after ${Math.round(tookMs)} ms`);
  });

  it('a snapshot is put back into a new cluster, and not over one that is used', async () => {
    await east.order('raft', 'snapshot', snapshot());
    const used = await east.run('raft', 'restore', snapshot(), '--replace', '--yes');
    expect(used.code).to.equal(1);
    expect(used.stderr).to.contain('controllers use the state');
    const solo = await Site.create(root, 'solo', { solo: `127.0.0.1:${port + 6}:${port + 7}` });
    try {
      await solo.order('raft', 'init');
      solo.start('raft', 'member');
      await untilWhole(solo);
      const said = await solo.order('raft', 'restore', snapshot(), '--yes');
      expect(said).to.contain('group shop: primary west, generation 7');
      expect(await headOf(solo)).to.deep.equal(head);
      const again = await solo.run('raft', 'restore', snapshot(), '--yes');
      expect(again.stderr).to.contain('holds something already');
      await solo.order('raft', 'restore', snapshot(), '--replace', '--yes');
      expect(await headOf(solo)).to.deep.equal(head);
    } finally {
      await solo.kill();
    }
  });

  it('quorum is not forced while the others can be reached', async () => {
    const running = await west.run('raft', 'force-quorum', '--reason', 'test', '--yes');
    expect(running.stderr).to.contain("has this site's member");
    await west.stop();
    const refused = await west.run('raft', 'force-quorum', '--reason', 'test', '--yes');
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain('that is a majority');
    west.start('serve');
    await untilWhole(east);
  });

  it('the last site goes on alone', async () => {
    await Promise.all([east.kill(), witness.kill()]);
    await west.stop();
    const said = await west.order('raft', 'force-quorum', '--reason', 'two sites burn', '--yes');
    console.log(`      ${said.split('\n')[0] ?? ''}`);
    west.start('serve');
    await until(
      async () => (await status(west)).hasQuorum,
      () => west.said(),
    );
    const { epoch, code } = await status(west);
    expect(code).to.equal(1);
    expect(epoch).to.include({ epoch: 1, site: 'west', reason: 'two sites burn' });
    expect(await headOf(west)).to.deep.equal(head);
    const audits = await within(west, (session) => session.store().range(keys.audit()));
    expect(audits.map(({ value }) => value.action)).to.include('raft.force-quorum');
  });

  it('etcd itself refuses members that return, also two of them at once', async () => {
    const returned = [east, witness].map(async (site) => {
      const managed = await site.managed();
      const record = await memberRecord(managed);
      const { binary, searchPath } = managed.home;
      const flags = memberFlags({ ...managed, record });
      const log = join(site.dir, 'returned.log');
      const running = await launch({ binary, searchPath, flags, log });
      expect(await running.ended).to.equal('exit status 0');
      expect(await readFile(log, 'utf8')).to.contain('the member has been permanently removed');
    });
    await Promise.all(returned);
  });

  it('controllers that return say what happened, and do not run', async () => {
    for (const site of [east, witness]) site.start('serve');
    for (const site of [east, witness]) {
      expect(await site.ended(30_000)).to.equal(1);
      expect(await site.said()).to.contain('quorum was forced at west');
    }
    await west.stop();
    east.start('serve');
    expect(await east.ended(30_000)).to.equal(1);
    west.start('serve');
  });

  it('they come back once they were taken in anew', async () => {
    await until(
      async () => (await status(west)).hasQuorum,
      () => west.said(),
    );
    for (const site of [east, witness]) {
      await until(
        async () => (await west.run('raft', 'add', site.name)).code === 0,
        async () => (await west.run('raft', 'add', site.name)).stderr,
      );
      const bundle = join(west.dir, `farshore-${site.name}.bundle.json`);
      await site.order('raft', 'join', bundle, '--reset');
      site.start('serve');
      await until(
        async () =>
          (await status(west)).sites.find(({ site: name }) => name === site.name)?.role ===
          'follower',
        () => site.said(),
      );
    }
    await untilWhole(east);
    expect(await headOf(east)).to.deep.equal(head);
  });
});
