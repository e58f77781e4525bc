import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createController, type Controller } from '../../../controller/compose/controller.ts';
import type { Config } from '../../../controller/config/config.ts';
import type { RebuildOrder } from '../../../controller/service/bank-types.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { newKeyPair } from '../../../replicator/bank/identity.ts';
import { publishKey, signedBytes, partsOf } from '../../../replicator/bank/signed.ts';
import { documentBytesMax, SwiftDocuments } from '../../../replicator/bank/documents.ts';
import { ownerObject } from '../../../replicator/bank/owner.ts';
import { testIdentity } from '../../support/identity.ts';
import { MemoryWorld } from '../../support/memory/movers.ts';
import { rejection } from '../../support/rejection.ts';
import { gold, specOf } from '../support/fixtures.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';

const reason = 'the disk of the controller burnt';
const spec = specOf('shop', {
  target: { project: 'demo', mappings: { volumeTypes: { ssd: 'default' } } },
});

/** Controllers that lose their state, with regions and movers in memory that do not. */
describe('a state that is had back from the bank', () => {
  let root: string;
  let east: MemoryRegion;
  let west: MemoryRegion;
  let world: MemoryWorld;
  let controller: Controller;
  let documents: SwiftDocuments;
  let lost: { readonly id: string; readonly key: string };
  const keyPair = newKeyPair();
  const { signal } = new AbortController();

  /** An installation of its own, whose key is that of `installation`. */
  const open = async (installation: string, key = keyPair): Promise<Controller> => {
    const dataDir = join(root, installation);
    const config = {
      dataDir,
      limits: { sessions: 2, resources: 2 },
      regions: new Map(),
    } as unknown as Config;
    const made = await createController({
      config,
      version: 'test',
      ambient: { clock: systemClock, random: systemRandom, log: silentLog },
      movers: world.movers,
      sites: {
        sites: memorySites([east, west], join(dataDir, 'spool'), testIdentity(installation, key)),
        close: () => Promise.resolve(),
      },
    });
    await made.start();
    return made;
  };
  const sync = async (content: string) => {
    world.source.set(`volume/${lost.id}`, content);
    const { id } = await controller.service.syncGroup('shop');
    for (let tries = 0; tries < 1000; tries++) {
      const { summary } = await controller.service.session('shop', id);
      if (summary.endedAt !== null) return expect(summary.error).to.equal(null);
      await systemClock.sleep(5);
    }
    return expect.fail('it never ended');
  };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'farshore-rebuild-'));
    [east, west] = [new MemoryRegion('east'), new MemoryRegion('west')];
    world = new MemoryWorld(systemClock);
    documents = new SwiftDocuments(west.demo.objectStore, 'farshore');
    const { id } = await east.demo.blockStorage.createVolume({ name: 'data', sizeGib: 1 });
    lost = { id, key: keyPair.fingerprint };
    world.source.set(`volume/${id}`, 'content');
    controller = await open('one');
    await controller.service.applyPolicy(gold);
    await controller.service.applyGroup(spec);
    await sync('content');
    await sync('changed');
    await controller.stop();
    controller = await open('two', newKeyPair());
  });
  afterEach(async () => {
    await controller.stop();
    await rm(root, { recursive: true });
  });
  const rebuild = (order: Partial<RebuildOrder> = {}) =>
    controller.service.banks.rebuild('west', { reason, trust: [lost.key], ...order }, signal);
  const points = async () =>
    (await controller.service.listPoints('shop')).map(({ id, state, sequence, checked }) => ({
      id,
      state,
      sequence,
      depth: checked.depth,
    }));
  const reasons = async () =>
    new Map((await controller.service.listPoints('shop')).map(({ id, kept }) => [id, kept.join()]));
  const names = async (prefix: string) => {
    const found: string[] = [];
    for await (const name of documents.list(prefix)) found.push(name);
    return found;
  };
  /** The manifest as somebody else would leave it. */
  const rewrite = async (
    name: string,
    change: (text: string) => string,
    by: { readonly key: typeof keyPair } | null,
  ) => {
    const { content } = partsOf((await documents.read(name))!);
    const changed = Buffer.from(change(content.toString()));
    const whole = (await documents.read(name))!;
    const body =
      by === null
        ? Buffer.concat([changed, whole.subarray(content.length)])
        : await signedBytes(changed, async (bytes) => {
            const { signature } = await testIdentity('x', by.key).sign(bytes);
            return signature;
          });
    await documents.write(name, body);
  };

  it('has groups, points in their order, and who is primary; and goes on from there', async () => {
    const done = await rebuild();
    expect(done.isWhole).to.equal(true);
    expect(done.groups).to.deep.equal([
      {
        group: 'shop',
        outcome: 'rebuilt',
        primary: 'east',
        generation: 1,
        points: 2,
        damaged: 0,
        faults: [],
      },
    ]);
    const there = await points();
    expect(there.map(({ state, sequence, depth }) => [state, sequence, depth])).to.deep.equal([
      ['proven', 2, 'listing'],
      ['proven', 1, 'listing'],
    ]);
    const { value } = await controller.service.getGroup('shop');
    expect(value.spec).to.deep.equal(spec);
    expect((await controller.service.getPolicy('gold')).value).to.deep.equal(gold);
    const actions = (await controller.service.listAudit()).map(({ action }) => action);
    expect(actions).to.include.members(['bank.adopt', 'bank.rebuild']);
    const view = await controller.service.banks.show('west');
    expect(view).to.deep.include({ isOwn: true, groups: ['shop'] });
    expect(view.owner?.former.map(({ installation }) => installation)).to.deep.equal(['one']);
    // Goes on from what is there: two points, and the next in their chain.
    await sync('after');
    expect((await points())[0]).to.include({ sequence: 3, state: 'proven' });
    const whole = await controller.service.banks.verify('west', [lost.key]);
    expect(whole.groups.flatMap(({ faults }) => faults).map(({ code }) => code)).to.deep.equal([
      // The key of this test's bank is not that of the state.
      'bank.unverified',
      'bank.unverified',
    ]);
  });

  it('has points in the order of their commits, although one between is gone and a clock ran ahead', async () => {
    const [first = '', second = ''] = await names('shop/points/');
    const by = { key: keyPair };
    const times = /"(cutStart|cutEnd|dataTime)":"20\d\d/g;
    await rewrite(first, (text) => text.replaceAll(times, '"$1":"2099'), by);
    const gone = `{"id":"gone","sha256":"${'0'.repeat(64)}","sequence":7}`;
    await rewrite(second, (text) => text.replace(/"previous":\{[^}]*\}/, `"previous":${gone}`), by);
    expect((await rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    const there = (await points()).map(({ id, sequence }) => [`shop/points/${id}.json`, sequence]);
    expect(there).to.deep.equal([
      [second, 8],
      [first, 1],
    ]);
  });

  it('has nothing twice when it is ordered twice, nor when it was killed in between', async () => {
    await rebuild();
    const before = await points();
    const again = await rebuild();
    expect(again.groups).to.deep.include({
      group: 'shop',
      outcome: 'present',
      primary: 'east',
      generation: 1,
      points: 2,
      damaged: 0,
      faults: [],
    });
    expect(await points()).to.deep.equal(before);
  });

  const isSo = async (what: () => Promise<boolean>) => {
    for (let tries = 0; tries < 1000; tries++) {
      if (await what()) return;
      await systemClock.sleep(5);
    }
    expect.fail('it never was so');
  };
  const failOver = async () => {
    const { id } = await controller.service.runner.start({
      runbook: 'failover',
      group: 'shop',
      mode: 'failover',
      params: { unfenced: { reason: 'a test of it' }, fenceSeconds: 1 },
      dryRun: false,
    });
    await isSo(async () => {
      const record = (await documents.read('shop/group.json'))!.toString();
      return record.includes('"generation":2');
    });
    await isSo(async () => (await controller.service.getExecution(id)).state === 'ended');
  };

  it('takes over who is primary after a failover, of a group of the name before too', async () => {
    await controller.stop();
    controller = await open('one');
    await failOver();
    await controller.service.deleteGroup('shop', { deletePoints: true });
    await controller.service.applyGroup(spec);
    await sync('of the new one');
    await failOver();
    await controller.stop();
    controller = await open('two', newKeyPair());
    const { groups } = await rebuild();
    expect(groups[0]).to.include({ outcome: 'rebuilt', primary: 'west', generation: 2 });
    expect(await controller.service.groupStatus('shop')).to.include({ state: 'failed-over' });
  });

  it('has no group that was deleted, be it before it had any point', async () => {
    await controller.stop();
    controller = await open('one');
    await controller.service.deleteGroup('shop', { deletePoints: true });
    await controller.service.applyGroup(spec);
    world.before = (line) => {
      if (line.startsWith('ship ')) throw new Error('nothing can be stored');
    };
    await controller.service.syncGroup('shop');
    await isSo(async () => (await documents.read('shop/group.json')) !== null);
    await controller.service.deleteGroup('shop', { deletePoints: false });
    expect(await documents.read('shop/group.json')).to.equal(null);
  });

  it('is not made of what nobody vouches for, before anything is changed', async () => {
    const error = await rejection(rebuild({ trust: [] }));
    expect(error).to.include({ code: 'bank.unverified' });
    expect(error.message).to.include(lost.key);
    expect((await controller.service.banks.show('west')).owner?.installation).to.equal('one');
    const done = await rebuild({ trust: [], acceptUnverified: true });
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
  });

  it('leaves out a manifest that was altered, and one that another key signed', async () => {
    const [first = '', second = ''] = await names('shop/points/');
    await rewrite(first, (text) => text.replace('"generation":1', '"generation":7'), null);
    const forger = newKeyPair();
    await rewrite(second, (text) => text, { key: forger });
    const done = await rebuild();
    expect(done.isWhole).to.equal(false);
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 0 });
    const texts = done.groups[0]!.faults.map(({ message }) => message);
    expect(texts[0]).to.include('it was altered, or made up');
    expect(texts[1]).to.include(`nobody has the key ${forger.fingerprint}`);
    // With the forger's key beside it: known, and vouched for by nobody.
    await publishKey(documents, forger);
    const error = await rejection(rebuild({ replace: true }));
    expect(error).to.include({ code: 'bank.unverified' });
    expect(error.message).to.include(forger.fingerprint);
  });

  it('does not mind a point that is missing in the chain, and refuses two ends of it', async () => {
    const [first = '', second = ''] = await names('shop/points/');
    const body = (await documents.read(second))!;
    const { content } = partsOf(body);
    const { id } = JSON.parse(content.toString()) as { id: string };
    const twin = id.replace(/....$/, 'ffff');
    await documents.write(second.replace(id, twin), body);
    await rewrite(
      second.replace(id, twin),
      (text) => text.replace(`"id":"${id}"`, `"id":"${twin}"`),
      { key: keyPair },
    );
    const refused = await rebuild();
    expect(refused.groups[0]).to.include({ outcome: 'refused' });
    expect(refused.groups[0]!.faults.map(({ code }) => code)).to.include('chain.forked');
    await documents.delete(second.replace(id, twin));
    await documents.delete(first);
    expect((await rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 1 });
  });

  it('refuses a group whose record lacks what it needs, and says what', async () => {
    const key = { key: keyPair };
    await rewrite('shop/group.json', (text) => text.replace('"mappings":', '"volumeTypes":'), key);
    const { groups, isWhole } = await rebuild();
    expect(isWhole).to.equal(false);
    expect(groups[0]).to.include({ outcome: 'refused', points: 0 });
    const [fault] = groups[0]!.faults;
    expect(fault).to.include({ code: 'bank.group-not-understood', subject: 'shop' });
    expect(fault?.message).to.include('target.mappings');
    expect(await controller.service.listGroups()).to.deep.equal([]);
  });

  it('says what of it the secondary does not hold any more', async () => {
    for (const key of [...world.secondary.keys()]) world.secondary.delete(key);
    const done = await rebuild();
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 2, damaged: 2 });
    expect((await points()).map(({ state }) => state)).to.deep.equal(['damaged', 'damaged']);
  });

  const faults = async () => {
    const { groups, bank, isWhole } = await controller.service.banks.verify('west', [lost.key]);
    const found = groups.flatMap((each) => each.faults.map(({ code, subject }) => [code, subject]));
    return { isWhole, bank: bank.fault?.code ?? null, found };
  };
  const tooLarge = async (name: string) =>
    west.demo.objectStore.put('farshore', name, Buffer.alloc(documentBytesMax + 1), {
      contentLength: documentBytesMax + 1,
      headers: {},
    });

  it('is had back of all else where one thing in the bank is spoilt or no Farshore wrote it', async () => {
    expect(await faults()).to.deep.equal({ isWhole: true, bank: null, found: [] });
    const [first = '', second = ''] = await names('shop/points/');
    const id = first.replace('shop/points/', '').replace('.json', '');
    await tooLarge(first);
    await tooLarge('other/group.json');
    await documents.write('cut/group.json', Buffer.from('{"format":1,"group":"cu'));
    await documents.write('/x', Buffer.from('of no group'));
    const { found, isWhole } = await faults();
    expect(isWhole).to.equal(false);
    expect(found).to.deep.equal([
      ['bank.group-missing', ''],
      ['bank.group-not-understood', 'group record'],
      ['bank.group-not-understood', 'group record'],
      ['bank.document-too-large', id],
    ]);
    const { groups } = await rebuild();
    expect(
      groups.map(({ group, outcome, points: count }) => [group, outcome, count]),
    ).to.deep.equal([
      ['', 'refused', 0],
      ['cut', 'refused', 0],
      ['other', 'refused', 0],
      ['shop', 'rebuilt', 1],
    ]);
    expect(second).to.include((await points())[0]!.id);
  });

  it('has what operators hold, and which last copies are kept, as the state had it', async () => {
    await controller.stop();
    controller = await open('one');
    const [, oldest] = await points();
    await controller.service.holdPoint('shop', oldest!.id, 'for the auditors');
    await sync('with the hold in the bank');
    const [newest, middle] = await points();
    await rewrite(
      'shop/group.json',
      (text) => {
        const record = JSON.parse(text) as { content: { changes: unknown[] } };
        const resource = { kind: 'volume', id: lost.id, name: 'data' };
        const change = {
          resource,
          change: 'emptied',
          since: '2026-11-29T08:00:00Z',
          detail: 'by a test',
        };
        record.content.changes = [{ ...change, sequence: 7, newestBefore: middle!.id }];
        return JSON.stringify(record) + '\n';
      },
      { key: keyPair },
    );
    await controller.stop();
    controller = await open('two', newKeyPair());
    await documents.delete(`shop/points/${oldest!.id}.json`);
    expect((await rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    const { changes } = await controller.service.groupStatus('shop');
    expect(changes.map(({ change, detail }) => [change, detail])).to.deep.equal([
      ['emptied', 'by a test'],
    ]);
    const kept = await reasons();
    expect(kept.get(middle!.id)).to.match(
      /last copy of volume\/.*, emptied since 2026-11-29T08:00:00Z/,
    );
    expect(kept.get(newest!.id)).to.not.include('last copy');
  });

  it('has the holds of points that are there', async () => {
    await controller.stop();
    controller = await open('one');
    const [, oldest] = await points();
    await controller.service.holdPoint('shop', oldest!.id, 'for the auditors');
    await sync('with the hold in the bank');
    await controller.stop();
    controller = await open('two', newKeyPair());
    await rebuild();
    expect((await reasons()).get(oldest!.id)).to.include('held: for the auditors');
  });

  it('has all other points when one manifest was altered, wherever it stands in the chain', async () => {
    const [first = '', second = ''] = await names('shop/points/');
    await rewrite(first, (text) => text.replace('"generation":1', '"generation":7'), null);
    expect((await rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 1 });
    expect(second).to.include((await points())[0]!.id);
  });

  it('needs the public keys in the bank, which are missed and written while the state is there', async () => {
    await controller.stop();
    controller = await open('one');
    const { fingerprint, pem } = await controller.service.banks.exportKey({ reason });
    await controller.stop();
    const encoded = (key: KeyObject, type: 'pkcs8' | 'spki') =>
      key.export({ type: type as 'pkcs8', format: 'der' }).toString('base64');
    controller = await open('one', {
      fingerprint,
      privateKey: encoded(createPrivateKey(pem), 'pkcs8'),
      publicKey: encoded(createPublicKey(pem), 'spki'),
    });
    await sync('signed by the key of the state');
    for (const spoil of [
      (name: string) => documents.delete(name),
      (name: string) => documents.write(name, Buffer.from('{"format":1,"fing')),
    ]) {
      await spoil(`.keys/${fingerprint.replace('sha256:', '')}.json`);
      expect(await faults()).to.deep.equal({
        isWhole: false,
        bank: null,
        found: [['bank.key-missing', 'shop']],
      });
      await sync('and again');
      expect(await faults()).to.deep.equal({ isWhole: true, bank: null, found: [] });
    }
  });

  for (const [code, spoil] of [
    ['bank.owner-damaged', () => documents.write(ownerObject, Buffer.from('{"format":1,"inst'))],
    ['bank.ownerless', () => documents.delete(ownerObject)],
  ] as const)
    it(`is had back where the bank does not say whose it is any more (${code})`, async () => {
      await spoil();
      expect(await faults()).to.deep.equal({ isWhole: false, bank: code, found: [] });
      expect((await rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
      expect((await controller.service.banks.show('west')).isOwn).to.equal(true);
    });

  it('is missed while it is there, when the bank lost all of a group', async () => {
    await rebuild();
    for (const name of await names('shop/')) await documents.delete(name);
    const { found, isWhole } = await faults();
    expect(isWhole).to.equal(false);
    expect(found.map(([code]) => code)).to.deep.equal([
      'bank.group-missing',
      'point.manifest-missing',
      'point.manifest-missing',
    ]);
  });

  it('keeps the former installation out from then on', async () => {
    await rebuild();
    await controller.stop();
    controller = await open('one');
    world.source.set(`volume/${lost.id}`, 'by the former');
    const { id } = await controller.service.syncGroup('shop');
    for (let tries = 0; tries < 1000; tries++) {
      const { summary } = await controller.service.session('shop', id);
      if (summary.endedAt !== null) return expect(summary.error?.code).to.equal('bank.other-owner');
      await systemClock.sleep(5);
    }
    return expect.fail('it never ended');
  });
});
