import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import { SwiftDocuments } from '../../../replicator/bank/documents.ts';
import { newKeyPair } from '../../../replicator/bank/identity.ts';
import { partsOf, publishKey } from '../../../replicator/bank/signed.ts';
import { rejection } from '../../support/rejection.ts';
import { gold } from '../support/fixtures.ts';
import { LostState, reason, spec } from '../support/lost-state.ts';

describe('a state that is had back from the bank', () => {
  const at = new LostState();
  beforeEach(() => at.begin());
  afterEach(() => at.end());

  it('has groups, points in their order, and who is primary; and goes on from there', async () => {
    const done = await at.rebuild();
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
        unasked: [],
      },
    ]);
    const there = await at.points();
    expect(there.map(({ state, sequence, depth }) => [state, sequence, depth])).to.deep.equal([
      ['proven', 2, 'listing'],
      ['proven', 1, 'listing'],
    ]);
    const { value } = await at.controller.service.getGroup('shop');
    expect(value.spec).to.deep.equal(spec);
    expect((await at.controller.service.getPolicy('gold')).value).to.deep.equal(gold);
    const actions = (await at.controller.service.listAudit()).map(({ action }) => action);
    expect(actions).to.include.members(['bank.adopt', 'bank.rebuild']);
    const view = await at.controller.service.banks.show('west');
    expect(view).to.deep.include({ isOwn: true, groups: ['shop'] });
    expect(view.owner?.former.map(({ installation }) => installation)).to.deep.equal(['one']);
    // Goes on from what is there: two points, and the next in their chain.
    await at.sync('after');
    expect((await at.points())[0]).to.include({ sequence: 3, state: 'proven' });
    const whole = await at.controller.service.banks.verify('west', [at.lost.key]);
    expect(whole.groups.flatMap(({ faults }) => faults).map(({ code }) => code)).to.deep.equal([
      // The key of this test's bank is not that of the state.
      'bank.unverified',
      'bank.unverified',
    ]);
  });

  it('has points in the order of their commits, although one between is gone and a clock ran ahead', async () => {
    const [first = '', second = ''] = await at.names('shop/points/');
    const by = { key: at.keyPair };
    const times = /"(cutStart|cutEnd|dataTime)":"20\d\d/g;
    await at.rewrite(first, (text) => text.replaceAll(times, '"$1":"2099'), by);
    const gone = `{"id":"gone","sha256":"${'0'.repeat(64)}","sequence":7}`;
    await at.rewrite(
      second,
      (text) => text.replace(/"previous":\{[^}]*\}/, `"previous":${gone}`),
      by,
    );
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    const there = (await at.points()).map(({ id, sequence }) => [
      `shop/points/${id}.json`,
      sequence,
    ]);
    expect(there).to.deep.equal([
      [second, 8],
      [first, 1],
    ]);
  });

  it('has nothing twice when it is ordered twice, nor when it was killed in between', async () => {
    await at.rebuild();
    const before = await at.points();
    const again = await at.rebuild();
    expect(again.groups).to.deep.include({
      group: 'shop',
      outcome: 'present',
      primary: 'east',
      generation: 1,
      points: 2,
      damaged: 0,
      faults: [],
      unasked: [],
    });
    expect(await at.points()).to.deep.equal(before);
  });

  const failOver = async () => {
    await at.failOver();
    await at.until(async () => (await at.recordOf('shop')).endsWith('-0000000002.json'));
  };

  it('takes over who is primary after a failover, of a group of the name before too', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    await failOver();
    await at.controller.service.deleteGroup('shop', { deletePoints: true });
    await at.controller.service.applyGroup(spec);
    await at.sync('of the new one');
    await failOver();
    await at.controller.stop();
    at.controller = await at.open('two', newKeyPair());
    const { groups } = await at.rebuild();
    expect(groups[0]).to.include({ outcome: 'rebuilt', primary: 'west', generation: 2 });
    expect(await at.controller.service.groupStatus('shop')).to.include({ state: 'failed-over' });
  });

  it('does not go by what a superseded session writes late of the group', async () => {
    const first = await at.recordOf('shop');
    const late = (await at.documents.read(first))!;
    await at.controller.stop();
    at.controller = await at.open('one');
    await failOver();
    await at.controller.stop();
    expect(await at.documents.read(first)).to.equal(null);
    await at.documents.write(first, late);
    at.controller = await at.open('two', newKeyPair());
    const { groups } = await at.rebuild();
    expect(groups[0]).to.include({ outcome: 'rebuilt', primary: 'west', generation: 2 });
  });

  it('does not go by one region where another knows better, and names that one', async () => {
    const old = (await at.documents.read(await at.recordOf('shop')))!;
    await at.controller.stop();
    at.controller = await at.open('one');
    await at.controller.service.deleteGroup('shop', { deletePoints: true });
    await at.controller.service.applyGroup(spec);
    await at.sync('of the new one');
    await at.controller.stop();
    const east = new SwiftDocuments(at.east.demo.objectStore, 'farshore');
    await at.east.demo.objectStore.putContainer('farshore', {});
    await publishKey(east, at.keyPair);
    await east.write('shop/group/2026-11-21T08:00:00.000Z-0000000002.json', old);
    at.controller = await at.open('two', newKeyPair());
    const order = { reason, trust: [at.lost.key] };
    const [refused] = (await at.controller.service.banks.rebuild('east', order)).groups;
    expect(refused).to.deep.include({ group: 'shop', outcome: 'refused', points: 0 });
    expect(refused!.faults.map(({ code }) => code)).to.deep.equal(['bank.group-superseded']);
    expect(refused!.faults[0]!.message).to.include('farshore bank rebuild west');
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 1 });
  });

  it('takes a place among all checks, so that nothing read before it outweighs what it finds', async () => {
    const serials = async () =>
      (await at.controller.service.listPoints('shop')).map(({ checked }) => checked.serial);
    await at.rebuild();
    const first = Math.max(...(await serials()));
    // Its own sessions may have signed there meanwhile.
    await at.replaced({ acceptUnverified: true });
    expect(Math.min(...(await serials()))).to.be.greaterThan(first);
  });

  it('does not take what a deleted group left for newer, whatever the clock said when that was made', async () => {
    const east = new SwiftDocuments(at.east.demo.objectStore, 'farshore');
    await at.east.demo.objectStore.putContainer('farshore', {});
    await publishKey(east, at.keyPair);
    const leftover = 'shop/group/2099-11-21T08:00:00.000Z-0000000002.json';
    await east.write(leftover, (await at.documents.read(await at.recordOf('shop')))!);
    const madeLate = (text: string) => text.replace(/"createdAt":"\d+/, '"createdAt":"2099');
    await at.rewrite(leftover, madeLate, { key: at.keyPair }, east);
    const order = { reason, trust: [at.lost.key] };
    const [refused] = (await at.controller.service.banks.rebuild('east', order)).groups;
    expect(refused!.faults.map(({ code }) => code)).to.deep.equal(['bank.group-superseded']);
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
  });

  it('says of a record in another region that nobody vouches for that it may be newer', async () => {
    const east = new SwiftDocuments(at.east.demo.objectStore, 'farshore');
    await at.east.demo.objectStore.putContainer('farshore', {});
    const record = (await at.documents.read(await at.recordOf('shop')))!;
    const forged = String(record).replace('"generation":1', '"generation":9');
    await east.write('shop/group/2026-11-21T09:00:00.000Z-0000000009.json', Buffer.from(forged));
    const [group] = (await at.rebuild()).groups;
    expect(group).to.include({ outcome: 'rebuilt', points: 2 });
    expect(group!.unasked.map(({ code }) => code)).to.deep.equal(['bank.not-asked']);
    expect(group!.unasked[0]!.message).to.include('it is signed by');
  });

  it('goes by the region that is left, and says which could not be asked', async () => {
    at.east.isDown = true;
    const { groups, isWhole } = await at.rebuild();
    expect(isWhole).to.equal(true);
    expect(groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    expect(groups[0]!.unasked.map(({ code, subject }) => [code, subject])).to.deep.equal([
      ['bank.not-asked', 'shop'],
    ]);
    expect(groups[0]!.unasked[0]!.message).to.include('the bank of east');
  });

  it('has no group that was deleted, be it before it had any point', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    await at.controller.service.deleteGroup('shop', { deletePoints: true });
    await at.controller.service.applyGroup(spec);
    at.world.before = (line) => {
      if (line.startsWith('ship ')) throw new Error('nothing can be stored');
    };
    await at.controller.service.syncGroup('shop');
    await at.until(async () => (await at.recordOf('shop')) !== '');
    await at.controller.service.deleteGroup('shop', { deletePoints: false });
    expect(await at.recordOf('shop')).to.equal('');
  });

  it('has nothing in its secondary of a group that was deleted before it had any point', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    await at.controller.service.deleteGroup('shop', { deletePoints: true });
    await at.controller.service.applyGroup(spec);
    at.world.before = (line) => {
      if (line.startsWith('verify ')) throw new Error('nothing can be checked');
    };
    expect(await at.failure()).not.to.equal(null);
    expect(at.world.secondary.size).to.equal(1);
    // What a container's session stored before it had a copy to speak of.
    await at.documents.write('shop/objects/ab/abcd', Buffer.from('x'));
    await at.documents.write('shops/objects/ab/abcd', Buffer.from('another group'));
    await at.controller.service.deleteGroup('shop', { deletePoints: false });
    expect(await at.names('shop/')).to.deep.equal([]);
    expect(await at.names('shops/')).to.have.length(1);
    expect([...at.world.secondary.keys()]).to.deep.equal([]);
  });

  it('is not made of what nobody vouches for, before anything is changed', async () => {
    const error = await rejection(at.rebuild({ trust: [] }));
    expect(error).to.include({ code: 'bank.unverified' });
    expect(error.message).to.include(at.lost.key);
    expect((await at.controller.service.banks.show('west')).owner?.installation).to.equal('one');
    const done = await at.rebuild({ trust: [], acceptUnverified: true });
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
  });

  it('leaves out a manifest that was altered, and one that another key signed', async () => {
    const [first = '', second = ''] = await at.names('shop/points/');
    await at.rewrite(first, (text) => text.replace('"generation":1', '"generation":7'), null);
    const forger = newKeyPair();
    await at.rewrite(second, (text) => text, { key: forger });
    const done = await at.rebuild();
    expect(done.isWhole).to.equal(false);
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 0 });
    const texts = done.groups[0]!.faults.map(({ message }) => message);
    expect(texts[0]).to.include('it was altered, or made up');
    expect(texts[1]).to.include(`nobody has the key ${forger.fingerprint}`);
    // With the forger's key beside it: known, and vouched for by nobody.
    await publishKey(at.documents, forger);
    const error = await rejection(at.rebuild({ replace: true }));
    expect(error).to.include({ code: 'bank.unverified' });
    expect(error.message).to.include(forger.fingerprint);
  });

  it('does not mind a point that is missing in the chain, and refuses two ends of it', async () => {
    const [first = '', second = ''] = await at.names('shop/points/');
    const body = (await at.documents.read(second))!;
    const { content } = partsOf(body);
    const { id } = JSON.parse(content.toString()) as { id: string };
    const twin = id.replace(/....$/, 'ffff');
    await at.documents.write(second.replace(id, twin), body);
    await at.rewrite(
      second.replace(id, twin),
      (text) => text.replace(`"id":"${id}"`, `"id":"${twin}"`),
      { key: at.keyPair },
    );
    const refused = await at.rebuild();
    expect(refused.groups[0]).to.include({ outcome: 'refused' });
    expect(refused.groups[0]!.faults.map(({ code }) => code)).to.include('chain.forked');
    await at.documents.delete(second.replace(id, twin));
    await at.documents.delete(first);
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 1 });
  });

  it('refuses a group whose record lacks what it needs, and says what', async () => {
    const key = { key: at.keyPair };
    await at.rewrite(
      await at.recordOf('shop'),
      (text) => text.replace('"mappings":', '"volumeTypes":'),
      key,
    );
    const { groups, isWhole } = await at.rebuild();
    expect(isWhole).to.equal(false);
    expect(groups[0]).to.include({ outcome: 'refused', points: 0 });
    const [fault] = groups[0]!.faults;
    expect(fault).to.include({ code: 'bank.group-not-understood', subject: 'shop' });
    expect(fault?.message).to.include('target.mappings');
    expect(await at.controller.service.listGroups()).to.deep.equal([]);
  });

  it('says what of it the secondary does not hold any more', async () => {
    for (const key of [...at.world.secondary.keys()]) at.world.secondary.delete(key);
    const done = await at.rebuild();
    expect(done.groups[0]).to.include({ outcome: 'rebuilt', points: 2, damaged: 2 });
    expect((await at.points()).map(({ state }) => state)).to.deep.equal(['damaged', 'damaged']);
  });

  it('keeps the former installation out from then on', async () => {
    await at.rebuild();
    await at.controller.stop();
    at.controller = await at.open('one');
    at.world.source.set(`volume/${at.lost.id}`, 'by the former');
    const { id } = await at.controller.service.syncGroup('shop');
    for (let tries = 0; tries < 1000; tries++) {
      const { summary } = await at.controller.service.session('shop', id);
      if (summary.endedAt !== null) return expect(summary.error?.code).to.equal('bank.other-owner');
      await systemClock.sleep(5);
    }
    return expect.fail('it never ended');
  });
});
