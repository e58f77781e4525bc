import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { moverOf } from '../../../replicator/mover.ts';
import { decodeManifest, manifestSha256 } from '../../../replicator/point/manifest.ts';
import { wholeKeys } from '../../../replicator/point/members.ts';
import { linkOf } from '../../../replicator/point/seal.ts';
import { runSession } from '../../../replicator/session/runner.ts';
import { dataNames } from '../../support/memory/copies.ts';
import { currentData } from '../../support/memory/movers.ts';
import { rejection } from '../../support/rejection.ts';
import { container, Harness, image, resources, volume } from './harness.ts';

function transient(): FarshoreError {
  return new FarshoreError('no answer', {
    code: 'region.unreachable',
    kind: 'transient',
    operation: 'put object',
  });
}

describe('a session of replication', () => {
  it('captures, ships, verifies and commits a proven point whose manifest is read back', async () => {
    const at = new Harness();
    const session = await at.protect();

    expect(session).to.include({ phase: 'done', runs: 1, warnings: 0 });
    expect(session.moved).to.deep.equal({ bytes: 39, objects: 3 });
    const [point, ...others] = await at.ledger.points('shop');
    expect(others).to.be.empty;
    expect(point).to.include({ state: 'proven', region: 'west', resources: 3, bytes: 39 });
    expect(point!.checked.depth).to.equal('listing');
    const body = await at.bank.readManifest('shop', point!.id);
    expect(manifestSha256(body!)).to.equal(point!.manifest.sha256);
    const manifest = decodeManifest(body!, point!);
    expect(manifest.previous).to.equal(null);
    expect(manifest.copies.map(({ kind }) => kind)).to.deep.equal(['volume', 'image', 'container']);
    expect(point!.dataTime).to.equal(manifest.copies.map((copy) => copy.dataTime).sort()[0]);
  });

  it('starts all captures before the first one ends, however few are shipped at once', async () => {
    const at = new Harness();
    let underWay = 0;
    let most = 0;
    const mover = moverOf(at.world.movers, 'container');
    const movers = {
      ...at.world.movers,
      container: {
        ...mover,
        capture: async (...call: Parameters<typeof mover.capture>) => {
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay -= 1;
          return await mover.capture(...call);
        },
      },
    };
    const many = ['a', 'b', 'c', 'd'].map((id) => ({ kind: 'container', id, name: id }) as const);
    await runSession(await at.claim(many), at.deps({ movers, shipAtOnce: 1 }));
    expect(most).to.equal(4);
  });

  it('ships nothing when nothing changed, and compares by listing', async () => {
    const at = new Harness();
    await at.protect();
    at.world.log.length = 0;
    const second = await at.protect();

    expect(second.moved).to.deep.equal({ bytes: 0, objects: 0 });
    expect(at.world.log.filter((line) => line.startsWith('verify'))).to.have.members([
      'verify volume/v-1 listing',
      'verify image/i-1 listing',
      'verify container/photos listing',
    ]);
    const [newest, older] = await at.ledger.points('shop');
    expect(newest!.checked.depth).to.equal('listing');
    const manifest = decodeManifest((await at.bank.readManifest('shop', newest!.id))!, newest!);
    expect(manifest.previous).to.deep.equal(linkOf([older!], newest!.id, 'west'));
  });

  it('reads back by content what is of a point that was damaged, and nothing else', async () => {
    const at = new Harness();
    await at.protect();
    at.write('volume/v-1', 'second content');
    at.world.log.length = 0;
    await at.protect();
    expect(at.world.log).to.include('verify volume/v-1 listing');

    const [newest] = await at.ledger.points('shop');
    await at.ledger.savePoint({ ...newest!, state: 'damaged' });
    at.world.log.length = 0;
    await at.protect();
    expect(at.world.log).to.include('verify image/i-1 content');
  });

  it('repairs damage in one round, from what it inherited it from', async () => {
    const at = new Harness();
    await at.protect();
    at.world.secondary.delete(currentData(at.world, container));
    const second = await at.protect();

    expect(second).to.include({ phase: 'done', repairs: 1 });
    const points = await at.ledger.points('shop');
    expect(points.map(({ state }) => state)).to.deep.equal(['proven', 'proven']);
    expect(at.world.log).to.include('verify container/photos content');
  });

  it('leaves out, and names, what is damaged still when it was shipped again', async () => {
    const at = new Harness();
    at.world.after = (line) => {
      if (line.startsWith('ship image/i-1 '))
        at.world.secondary.delete(currentData(at.world, image));
    };
    const session = await at.protect();

    expect(session).to.include({ phase: 'done', repairs: 2 });
    const [point] = await at.ledger.points('shop');
    expect(point).to.include({ state: 'partial', resources: 2 });
    expect(point!.members.find(({ state }) => state === 'lacking')).to.deep.include({
      resource: image,
      dataTime: null,
    });
    const body = await at.bank.readManifest('shop', point!.id);
    const [lack] = decodeManifest(body!, point!).lacks;
    expect(lack).to.deep.include({ resource: image, code: 'session.damaged' });
  });

  it('commits the others when one resource fails, and names it; the next session goes on from what it had', async () => {
    const at = new Harness();
    at.world.before = (line) => {
      if (line === 'ship volume/v-1')
        throw new FarshoreError('the quota is full', {
          code: 'block-storage.quota',
          kind: 'permanent',
          operation: 'import backup',
          subject: 'data',
          hint: 'raise it',
        });
    };
    const session = await at.protect();
    expect(session.phase).to.equal('done');
    expect(session.error).to.equal(undefined);
    const [partial] = await at.ledger.points('shop');
    expect(partial!.state).to.equal('partial');
    expect(wholeKeys(partial!)).to.deep.equal(['image/i-1', 'container/photos']);
    expect(partial!.members.find(({ state }) => state === 'lacking')).to.deep.equal({
      resource: volume,
      state: 'lacking',
      dataTime: null,
      damaged: 0,
      problem: {
        code: 'block-storage.quota',
        message: 'import backup data: the quota is full (raise it)',
      },
    });

    expect(at.world.log).to.include.members(['tidy image/i-1', 'tidy container/photos']);
    expect(at.world.log).not.to.include('tidy volume/v-1');
    at.world.before = undefined;
    const next = await at.protect();
    expect(next.phase).to.equal('done');
    expect(next.moved.objects, 'all three had been shipped before').to.equal(0);
  });

  it('goes on from what failed sessions shipped, so that none of it is left in no point', async () => {
    const at = new Harness();
    await at.protect();
    for (const content of ['second', 'third']) {
      at.write('volume/v-1', content);
      at.world.before = (line) => {
        if (line.startsWith('verify')) throw new Error('no');
      };
      expect((await at.protect()).phase).to.equal('failed');
    }
    at.world.before = undefined;
    const session = await at.protect();
    expect(session.phase).to.equal('done');
    const copy = session.copies['volume/v-1']!;
    expect(dataNames(copy)).to.have.length(3);
    expect(at.world.log).to.include('verify volume/v-1 listing');
    const [point] = await at.ledger.points('shop');
    const manifest = decodeManifest((await at.bank.readManifest('shop', point!.id))!, point!);
    const named = manifest.copies.flatMap(dataNames);
    expect([...at.world.secondary.keys()].sort()).to.deep.equal([...named].sort());
  });

  it('keeps, and goes on from, what it shipped of a resource that it gave up later', async () => {
    const at = new Harness();
    at.retention = { ...at.retention, last: 1 };
    await at.protect();
    at.write('volume/v-1', 'second');
    at.world.before = (line) => {
      if (line.startsWith('verify volume')) throw new Error('no');
    };
    for (let n = 0; n < 2; n += 1) {
      expect((await at.protect()).phase).to.equal('done');
      expect(
        at.world.secondary.has(currentData(at.world, volume)),
        'in no point, and kept',
      ).to.equal(true);
      at.write('image/i-1', `changed ${n}`);
    }
    const points = await at.ledger.points('shop');
    expect(points.map(({ state }) => state)).to.deep.equal(['partial', 'proven']);
    at.world.before = undefined;
    const session = await at.protect();
    expect(session.moved.objects, 'the image alone').to.equal(1);
    const [newest, ...others] = await at.ledger.points('shop');
    expect(newest!.state).to.equal('proven');
    expect(others, 'what they alone had is in the newest').to.be.empty;
  });

  it('names every resource that could not be captured', async () => {
    const at = new Harness();
    at.world.before = (line) => {
      if (line.startsWith('capture')) throw new Error('boom');
    };
    const session = await at.protect();
    expect(session.error!.code).to.equal('session.resources-failed');
    for (const { kind, id } of resources)
      expect(session.error!.message).to.include(`${kind}/${id}: boom`);
  });

  it('fails a group without resources', async () => {
    const at = new Harness();
    const session = await runSession(await at.claim([]), at.deps());
    expect(session.error!.code).to.equal('session.nothing-to-protect');
  });

  it('does again, with growing pauses, what failed in passing; and gives up after that', async () => {
    const at = new Harness();
    let failures = 2;
    at.world.before = (line) => {
      if (line === 'ship image/i-1' && failures-- > 0) throw transient();
    };
    expect((await at.protect()).phase).to.equal('done');
    // Before: what claiming the group's session and its bank took.
    expect(at.clock.slept.slice(2)).to.deep.equal([2000, 8000]);

    failures = 3;
    const session = await at.protect();
    expect(session.failures!['image/i-1']!.code).to.equal('region.unreachable');
  });

  it('fails when the regions do not open, and when the manifest does not read back as written', async () => {
    const at = new Harness();
    const session = await runSession(
      await at.claim(),
      at.deps({ openContext: () => Promise.reject(transient()) }),
    );
    expect(session).to.deep.include({ phase: 'failed' });
    expect(session.error!.code).to.equal('region.unreachable');

    const writeManifest = at.bank.writeManifest.bind(at.bank);
    at.bank.writeManifest = (group, point, body) =>
      writeManifest(group, point, body.subarray(0, -2));
    const altered = await at.protect();
    expect(altered.error!.code).to.equal('bank.manifest-altered');
    expect(await at.ledger.points('shop')).to.be.empty;
  });

  it('counts and logs what it could not tidy up in the source, and is done all the same', async () => {
    const at = new Harness();
    at.world.before = (line) => {
      if (line.startsWith('tidy')) throw transient();
    };
    expect(await at.protect()).to.include({ phase: 'done', warnings: 3 });
  });

  it('expires by the policy, with the data and manifests that only those points need', async () => {
    const at = new Harness();
    for (const content of ['one', 'two', 'three', 'four']) {
      at.write('container/photos', content);
      await at.protect();
    }
    const end = (await at.end()) as {
      points: unknown[];
      manifests: string[];
      secondary: unknown[];
    };
    expect(end.points).to.have.length(2);
    const manifests = end.manifests.filter((name) => name.startsWith('shop/points/'));
    expect(manifests).to.have.length(2);
    expect(end.secondary, 'a volume, an image, two contents of the container').to.have.length(4);
  });

  it('decides again what goes when a point that was to stay is found damaged meanwhile', async () => {
    const at = new Harness();
    const { pointId: first } = await at.protect();
    const { pointId: second } = await at.protect();
    const expirePoint = at.ledger.expirePoint.bind(at.ledger);
    at.ledger.expirePoint = async (group, point, kept) => {
      const checked = (await at.ledger.points('shop')).find(({ id }) => id === second)!;
      await at.ledger.savePoint({ ...checked, state: 'damaged' });
      await expirePoint(group, point, kept);
    };
    expect(await at.protect()).to.include({ phase: 'done' });
    const left = (await at.ledger.points('shop')).map(({ id, state }) => [id, state]);
    expect(left.slice(1)).to.deep.equal([
      [second, 'damaged'],
      [first, 'proven'],
    ]);
  });

  it('leaves a point that an execution holds, until it is let go', async () => {
    const at = new Harness();
    const first = await at.protect();
    at.held.add(first.pointId);
    await at.protect();
    await at.protect();
    expect((await at.ledger.points('shop')).map(({ id }) => id)).to.include(first.pointId);
    at.held.clear();
    await at.protect();
    expect((await at.ledger.points('shop')).map(({ id }) => id)).not.to.include(first.pointId);
  });

  it('fails where expiry does, with its point committed, and finishes it the next time', async () => {
    const at = new Harness();
    await at.protect();
    await at.protect();
    at.world.before = (line) => {
      if (line.startsWith('expire')) throw new Error('refused');
    };
    const third = await at.protect();
    expect(third).to.deep.include({ phase: 'failed' });
    expect((await at.ledger.points('shop')).map(({ state }) => state)).to.deep.equal([
      'proven',
      'proven',
      'expiring',
    ]);
    at.world.before = undefined;
    await at.protect();
    expect((await at.ledger.points('shop')).map(({ state }) => state)).to.deep.equal([
      'proven',
      'proven',
    ]);
  });

  it('ships without the previous copy when its catalog is gone', async () => {
    const at = new Harness();
    await at.protect();
    const previous: unknown[] = [];
    const mover = moverOf(at.world.movers, 'container');
    const movers = {
      ...at.world.movers,
      container: {
        ...mover,
        ship: async (...[capture, before, session]: Parameters<typeof mover.ship>) => {
          previous.push(before);
          if (before !== null)
            throw new FarshoreError('gone', {
              code: 'bank.catalog-missing',
              kind: 'permanent',
              operation: 'read catalog',
            });
          return await mover.ship(capture, before, session);
        },
      },
    };
    const session = await runSession(await at.claim(), at.deps({ movers }));
    expect(session.phase).to.equal('done');
    expect(previous).to.have.length(2);
    expect(previous[1]).to.equal(null);
  });

  it('stops at once, and leaves nothing that counts, when the generation has risen', async () => {
    for (const stopAt of [
      'capture volume/v-1',
      'ship image/i-1',
      'verify container/photos listing',
    ]) {
      const at = new Harness();
      at.world.after = (line) => {
        if (line === stopAt) at.ledger.raiseGeneration('shop', 2);
      };
      const session = await runSession(await at.claim(), at.deps({ shipAtOnce: 1 }));
      expect(session.phase).to.equal('superseded');
      expect((await at.ledger.session('shop'))!.phase).not.to.equal('superseded');
      expect(await at.ledger.points('shop')).to.be.empty;
    }
  });

  it('is superseded where the generation rises before its end is saved', async () => {
    const at = new Harness();
    at.ledger.before = ({ what }) => {
      if (what === 'done') at.ledger.raiseGeneration('shop', 2);
    };
    expect(await at.protect()).to.include({ phase: 'superseded' });
    expect((await at.ledger.session('shop'))?.phase).to.equal('expiring');
  });

  it('rejects with the reason of an abort, its state saved and never shown as failed', async () => {
    const at = new Harness();
    const stop = new AbortController();
    at.world.before = (line) => {
      if (line === 'ship image/i-1') {
        stop.abort(new Error('shutting down'));
        throw transient();
      }
    };
    const run = runSession(await at.claim(), at.deps({ signal: stop.signal }));
    const reason: unknown = await run.catch((error: unknown) => error);
    expect(reason).to.be.an('error').with.property('message', 'shutting down');
    const saved = await at.ledger.session('shop');
    expect(saved).to.deep.include({ phase: 'shipping', failures: {} });
  });

  it('rejects with the error of a ledger that fails', async () => {
    const at = new Harness();
    const full = new FarshoreError('the disk is full', {
      code: 'store.full',
      kind: 'fatal',
      operation: 'save',
    });
    const session = await at.claim();
    at.ledger.before = ({ what }) => {
      if (what === 'verifying') throw full;
    };
    expect(await rejection(runSession(session, at.deps()))).to.equal(full);
  });

  it('returns an ended session as it is', async () => {
    const at = new Harness();
    const session = await at.protect();
    const writes = at.ledger.writes.length;
    expect(await runSession(session, at.deps())).to.equal(session);
    expect(at.ledger.writes).to.have.length(writes);
  });

  it('tells movers from the second run on that something may be there already', async () => {
    const at = new Harness();
    const session = await runSession({ ...(await at.claim([volume])), runs: 1 }, at.deps());
    expect(session.runs).to.equal(2);
    expect(at.world.contexts.map(({ isResumed }) => isResumed)).to.deep.equal([true]);
  });
});
