import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { InvalidInput } from '../../../controller/input/fault.ts';
import { createController, type Controller } from '../../../controller/compose/controller.ts';
import type { Config } from '../../../controller/config/config.ts';
import { silentObserver } from '../../../controller/observer.ts';
import { MemoryWorld } from '../../support/memory/movers.ts';
import { rejection } from '../../support/rejection.ts';
import { gold, specOf } from '../support/fixtures.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';

/** The whole controller on disk, with regions and movers in memory. */
describe('controller', () => {
  let dataDir: string;
  let east: MemoryRegion;
  let west: MemoryRegion;
  let world: MemoryWorld;
  let controller: Controller;
  let volumeId: string;
  const ended: string[] = [];

  const open = async (): Promise<Controller> => {
    const config = {
      dataDir,
      limits: { sessions: 2, resources: 2 },
      regions: new Map(),
    } as unknown as Config;
    return createController({
      config,
      version: 'test',
      ambient: { clock: systemClock, random: systemRandom, log: silentLog },
      movers: world.movers,
      observer: { ...silentObserver, sessionEnded: ({ result }) => ended.push(result) },
      sites: {
        sites: memorySites([east, west], join(dataDir, 'spool')),
        close: () => Promise.resolve(),
      },
    });
  };
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'farshore-controller-'));
    ended.length = 0;
    [east, west] = [new MemoryRegion('east'), new MemoryRegion('west')];
    world = new MemoryWorld(systemClock);
    volumeId = (await east.demo.blockStorage.createVolume({ name: 'data', sizeGib: 1 })).id;
    world.source.set(`volume/${volumeId}`, 'content');
    controller = await open();
  });
  afterEach(async () => {
    await controller.stop();
    await rm(dataDir, { recursive: true });
  });
  const apply = async () => {
    await controller.service.applyPolicy(gold);
    return controller.service.applyGroup(specOf('shop'));
  };
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) {
      await new Promise((resolve) => setImmediate(resolve));
      await systemClock.sleep(5);
    }
  };
  const synced = async () => {
    const { id } = await controller.service.syncGroup('shop');
    await until(
      async () => (await controller.service.session('shop', id)).summary.endedAt !== null,
    );
    return (await controller.service.session('shop', id)).summary;
  };

  it('protects a group: applied, replicated, proven, shown', async () => {
    await apply();
    await controller.start();
    await until(() => Promise.resolve(controller.service.readiness().role === 'leader'));
    expect(controller.service.readiness()).to.deep.include({ ready: true, reasons: [] });
    expect(await synced()).to.deep.include({ phase: 'done', error: null });
    const status = await controller.service.groupStatus('shop');
    expect(status).to.include({ state: 'protected', generation: 1, primary: 'east' });
    expect(status.resources).to.deep.equal([{ kind: 'volume', id: volumeId, name: 'data' }]);
    expect(status.points.proven).to.equal(1);
    const { manifest } = await controller.service.getPoint('shop', status.newestUsablePoint!);
    expect(manifest.copies).to.have.length(1);
    await until(() => Promise.resolve(ended.length > 0));
    expect(ended).to.deep.equal(['done']);
  });

  it('goes on after a restart: nothing that was shipped is shipped again', async () => {
    await apply();
    world.before = (effect) => {
      if (effect.startsWith('verify')) void controller.stop();
    };
    await controller.start();
    await until(() => Promise.resolve(world.log.some((line) => line.startsWith('ship'))));
    await controller.stop();
    world.before = undefined;
    const shipped = world.movedBytes;
    controller = await open();
    const before = await controller.service.groupStatus('shop');
    expect(before.points.proven).to.equal(0);
    await controller.start();
    await until(async () => (await controller.service.groupStatus('shop')).points.proven === 1);
    expect(world.movedBytes).to.equal(shipped);
    expect((await controller.service.groupStatus('shop')).session?.id).to.equal(before.session?.id);
  });

  it('records why a group cannot be replicated', async () => {
    await apply();
    east.demo.blockStorage.volumes.clear();
    await controller.start();
    const summary = await synced();
    expect(summary).to.include({ phase: 'failed' });
    expect(summary.error).to.deep.equal({
      code: 'session.nothing-usable',
      message: 'data: there is no volume data in the source project',
    });
    expect((await controller.service.groupStatus('shop')).resources).to.have.length(1);
  });

  it('finds damage, goes back to the point before, and replicates anew', async () => {
    await apply();
    await controller.start();
    await synced();
    world.source.set(`volume/${volumeId}`, 'changed');
    await synced();
    const [newest, older] = await controller.service.listPoints('shop');
    const only = [...world.secondary.keys()].at(-1)!;
    world.secondary.set(only, 'altered');
    const checked = await controller.service.verifyPoint('shop', newest!.id, 'content');
    expect(checked.state).to.equal('damaged');
    const status = await controller.service.groupStatus('shop');
    expect(status).to.include({ newestUsablePoint: older!.id });
    expect(status.points).to.deep.equal({ proven: 1, partial: 0, damaged: 1 });
  });

  it('deletes points, but never the newest proven one', async () => {
    await apply();
    await controller.start();
    await synced();
    world.source.set(`volume/${volumeId}`, 'changed');
    await synced();
    const [newest, older] = await controller.service.listPoints('shop');
    const refusal = await rejection(controller.service.deletePoint('shop', newest!.id));
    expect(refusal.code).to.equal('point.newest-proven');
    await controller.service.deletePoint('shop', older!.id, 'not wanted');
    expect((await controller.service.listPoints('shop')).map(({ id }) => id)).to.deep.equal([
      newest!.id,
    ]);
    expect(world.log).to.include('expire volume');
    const manifest = (id: string) =>
      west.demo.objectStore.head('farshore', `shop/points/${id}.json`);
    expect(await manifest(older!.id)).to.equal(null);
    expect(await manifest(newest!.id)).to.not.equal(null);
    const gone = await rejection(controller.service.deletePoint('shop', older!.id));
    expect(gone.code).to.equal('point.not-found');
    const audit = await controller.service.listAudit();
    expect(audit.map(({ action, subject, reason }) => [action, subject, reason])).to.deep.equal([
      ['point-deleted', `shop/${older!.id}`, 'not wanted'],
    ]);
    const { id, dataTime } = older!;
    const points = [{ id, dataTime, region: 'west', state: 'proven' }];
    expect(audit[0]!.details).to.deep.equal({ count: 1, points });
  });

  it('deletes a group with its points and their data, and leaves no key behind', async () => {
    await apply();
    await controller.start();
    await synced();
    const keep = await rejection(controller.service.deleteGroup('shop', { deletePoints: false }));
    expect(keep.code).to.equal('group.has-points');
    expect(await controller.service.listAudit()).to.deep.equal([]);
    const [point] = await controller.service.listPoints('shop');
    west.isDown = true;
    const down = await rejection(controller.service.deleteGroup('shop', { deletePoints: true }));
    expect(down.code).to.equal('region.unreachable');
    expect(await controller.service.listGroups()).to.have.length(1);
    west.isDown = false;
    await controller.service.deleteGroup('shop', { deletePoints: true });
    expect(await controller.service.listGroups()).to.deep.equal([]);
    expect(world.secondary.size).to.equal(0);
    // Each time that it was ordered: what was begun may have deleted some of them.
    const audit = await controller.service.listAudit();
    expect(audit.map(({ action, subject }) => [action, subject])).to.deep.equal([
      ['group-deleted', 'shop'],
      ['group-deletion-ordered', 'shop'],
      ['group-deletion-ordered', 'shop'],
    ]);
    const { id, dataTime } = point!;
    const oldest = { id, dataTime, region: 'west', state: 'proven' };
    expect(audit[1]!.details).to.deep.equal({ count: 1, points: [oldest] });
    await controller.service.deletePolicy('gold');
    expect(await controller.service.listPolicies()).to.deep.equal([]);
  });

  it('refuses a second controller on the same state', async () => {
    expect((await rejection(open())).code).to.equal('store.in-use');
  });

  describe('applying', () => {
    it('keeps the revision of what does not change, and checks preconditions', async () => {
      const first = await apply();
      expect(await controller.service.applyGroup(specOf('shop'))).to.deep.equal(first);
      const paused = specOf('shop', { paused: true });
      const created = await rejection(controller.service.applyGroup(paused, null));
      expect(created.code).to.equal('group.revision-mismatch');
      const second = await controller.service.applyGroup(paused, first.revision);
      expect(second.revision).to.be.greaterThan(first.revision);
      const stale = await rejection(controller.service.applyGroup(specOf('shop'), first.revision));
      expect(stale.code).to.equal('group.revision-mismatch');
      expect((await rejection(controller.service.syncGroup('shop'))).code).to.equal('group.paused');
      const policy = await rejection(controller.service.applyPolicy(gold, null));
      expect(policy.code).to.equal('policy.revision-mismatch');
    });

    it('can pause while the primary is away, but change no members', async () => {
      await apply();
      east.isDown = true;
      const paused = await controller.service.applyGroup(specOf('shop', { paused: true }));
      expect(paused.value.spec.paused).to.equal(true);
      const members = [{ kind: 'container', nameOrId: 'docs' } as const];
      const refused = await rejection(controller.service.applyGroup(specOf('shop', { members })));
      expect(refused.code).to.equal('region.unreachable');
      expect((await controller.service.getGroup('shop')).value.spec.members[0]).to.include({
        kind: 'volume',
      });
    });

    const faultsOf = async (work: Promise<unknown>) => {
      const error = await rejection(work);
      expect(error.code).to.match(/^(group|policy)\.invalid$/);
      if (!(error instanceof InvalidInput)) throw error;
      return error.faults.map(({ path, message }) => `${path}: ${message}`);
    };

    it('names unknown policies and regions', async () => {
      await controller.service.applyPolicy(gold);
      const spec = specOf('shop', { policy: 'glod', source: { region: 'eats', project: 'demo' } });
      expect(await faultsOf(controller.service.applyGroup(spec))).to.deep.equal([
        'policy: there is no policy glod; did you mean gold?',
        'source.region: there is no region eats; did you mean east?',
      ]);
      const policy = { ...gold, targetRegion: 'wets' };
      expect(await faultsOf(controller.service.applyPolicy(policy))).to.deep.equal([
        'target: unknown region; did you mean west?',
      ]);
      const inWest = specOf('shop', { source: { region: 'west', project: 'demo' } });
      expect((await faultsOf(controller.service.applyGroup(inWest)))[0]).to.match(
        /also the target/,
      );
      expect(await controller.service.listGroups()).to.deep.equal([]);
    });

    it('tells everything that is wrong in both regions at once, and stores nothing', async () => {
      await controller.service.applyPolicy(gold);
      await east.demo.objectStore.putContainer('docs');
      await west.demo.objectStore.putContainer('docs');
      const spec = specOf('shop', {
        target: { project: 'demo', mappings: { volumeTypes: { ssd: 'defualt' } } },
        members: [
          { kind: 'volume', nameOrId: 'gone' },
          { kind: 'container', nameOrId: 'docs' },
        ],
      });
      const faults = await faultsOf(controller.service.applyGroup(spec));
      expect(faults[0]).to.match(/^members\[0\]\.volume: there is no volume gone/);
      expect(faults[1]).to.match(/^target\.volumeTypes\.ssd: .*did you mean default/);
      expect(faults[2]).to.match(/^members: container docs exists in west already/);
      expect(faults).to.have.length(3);
      const project = specOf('shop', { target: { project: 'nobody', mappings: {} } });
      expect((await faultsOf(controller.service.applyGroup(project)))[0]).to.match(
        /^target\.project: nobody/,
      );
      expect(await controller.service.listGroups()).to.deep.equal([]);
      expect([...west.demo.objectStore.stored.keys()]).to.deep.equal(['docs']);
    });

    it('needs the right to import backup records in the target, for volumes', async () => {
      west.demo.blockStorage.mayImport = false;
      await controller.service.applyPolicy(gold);
      expect(await faultsOf(controller.service.applyGroup(specOf('shop')))).to.deep.equal([
        "target.project: volumes need the right backup:backup-import in west: give Farshore's user the admin role in that project, or grant the right in Cinder's policy file",
      ]);
    });

    it('needs large objects in the Swift of the target', async () => {
      await controller.stop();
      west = new MemoryRegion('west', { swift: {} });
      controller = await open();
      await controller.service.applyPolicy(gold);
      await east.demo.objectStore.putContainer('docs');
      const spec = specOf('shop', { members: [{ kind: 'container', nameOrId: 'docs' }] });
      const faults = await faultsOf(controller.service.applyGroup(spec));
      expect(faults.map((fault) => /need (\w+)/.exec(fault)?.[1])).to.deep.equal(['slo']);
    });

    it('refuses a container that cannot be made in a Ceph RGW', async () => {
      await controller.stop();
      const swift = { version: '16.2.15', max_object_name_size: 1024 };
      west = new MemoryRegion('west', { swift, slo: {} });
      controller = await open();
      await controller.service.applyPolicy(gold);
      await east.demo.objectStore.putContainer('ab');
      const spec = specOf('shop', { members: [{ kind: 'container', nameOrId: 'ab' }] });
      expect(await faultsOf(controller.service.applyGroup(spec))).to.deep.equal([
        'members: container ab cannot be made in west: its name has 2 bytes, and Ceph RGW 16.2.15 takes 3 to 255',
      ]);
    });

    it('refuses a resource that another group has', async () => {
      await apply();
      const faults = await faultsOf(controller.service.applyGroup(specOf('second')));
      expect(faults[0]).to.match(/volume data .* is protected by group shop already/);
    });

    it('keeps source, target and the policy of what has points', async () => {
      await apply();
      await controller.start();
      await synced();
      const target = { project: 'other', mappings: {} };
      const moved = await rejection(controller.service.applyGroup(specOf('shop', { target })));
      expect(moved.code).to.equal('group.has-points');
      const policy = await rejection(
        controller.service.applyPolicy({ ...gold, targetRegion: 'east' }),
      );
      expect(policy.code).to.equal('policy.in-use');
      expect((await rejection(controller.service.deletePolicy('gold'))).code).to.equal(
        'policy.in-use',
      );
    });
  });

  it('says not-found of each kind', async () => {
    const { service } = controller;
    const asked: readonly [work: Promise<unknown>, code: string][] = [
      [service.getPolicy('x'), 'policy.not-found'],
      [service.deletePolicy('x'), 'policy.not-found'],
      [service.getGroup('x'), 'group.not-found'],
      [service.groupStatus('x'), 'group.not-found'],
      [service.syncGroup('x'), 'group.not-found'],
      [service.listPoints('x'), 'group.not-found'],
      [service.deleteGroup('x', { deletePoints: true }), 'group.not-found'],
      [service.getExecution('x'), 'execution.not-found'],
    ];
    const refused = async (all: typeof asked) =>
      expect(
        await Promise.all(all.map(async ([work]) => (await rejection(work)).code)),
      ).to.deep.equal(all.map(([, code]) => code));
    await refused(asked);
    await apply();
    await refused([
      [service.getPoint('shop', 'x'), 'point.not-found'],
      [service.verifyPoint('shop', 'x', 'listing'), 'point.not-found'],
      [service.session('shop', 'x'), 'session.not-found'],
    ]);
  });
});
