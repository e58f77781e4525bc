import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { manifestObject } from '../../../replicator/bank/manifests.ts';
import { ownerObject } from '../../../replicator/bank/owner.ts';
import { rejection } from '../../support/rejection.ts';
import { gold } from '../support/fixtures.ts';
import { LostState, reason, spec } from '../support/lost-state.ts';

describe('a group that the state has, and the bank otherwise', () => {
  const at = new LostState();
  beforeEach(() => at.begin());
  afterEach(() => at.end());

  /** What the bank holds of it, and whose the bank is. */
  const everything = async () => {
    const found = new Map<string, string>();
    for (const name of [ownerObject, ...(await at.names('shop/'))])
      found.set(name, String(await at.documents.read(name)));
    return found;
  };
  const restarted = async (installation: string, between: () => Promise<void>) => {
    await at.controller.stop();
    await between();
    at.controller = await at.open(installation);
  };

  describe('of a state that was lost, and filled anew by hand', () => {
    it('is not applied while the bank holds points of it', async () => {
      const before = await everything();
      await at.controller.service.applyPolicy(gold);
      const refused = await rejection(at.controller.service.applyGroup(spec));
      expect(refused).to.include({ code: 'bank.group-differs', subject: 'shop' });
      expect(refused.hint).to.include('farshore bank rebuild');
      expect(await at.controller.service.listGroups()).to.deep.equal([]);
      expect(await everything()).to.deep.equal(before);
      expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    });

    /** In the place of a group that was deleted with its points, and left its record. */
    const begunAnew = async () => {
      for (const name of await at.names('shop/points/')) await at.documents.delete(name);
      await at.controller.service.banks.adopt('west', { reason });
      await at.controller.service.applyPolicy(gold);
      await at.controller.service.applyGroup(spec);
      await at.sync('of the new one');
    };

    it('may be applied where a deleted group of its name left a record, and no point', async () => {
      await begunAnew();
      expect(await at.names('shop/group/')).to.have.length(1);
    });

    it('goes on where what a deleted group left sorts after its own, and could not be deleted at once', async () => {
      await begunAnew();
      const late = 'shop/group/2099-11-21T08:00:00.000Z-0000000001.json';
      await at.documents.write(late, (await at.documents.read(await at.recordOf('shop')))!);
      const [point = ''] = await at.names('shop/points/');
      const hidden = (await at.documents.read(point))!;
      await at.documents.delete(point);
      await at.sync('without any point');
      expect(await at.names('shop/group/')).to.not.include(late);
      await at.documents.write(point, hidden);
      await at.sync('again');
    });

    it('takes nothing of the one in the bank along when it is deleted', async () => {
      await appliedUnseen();
      await at.controller.service.banks.adopt('west', { reason });
      const before = await everything();
      await at.controller.service.deleteGroup('shop', { deletePoints: true });
      expect(await everything()).to.deep.equal(before);
      expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    });

    /** As if the bank had not answered truly while it was applied. */
    const appliedUnseen = async () => {
      const hidden = new Map<string, Buffer>();
      for (const name of await at.names('shop/')) {
        hidden.set(name, (await at.documents.read(name))!);
        await at.documents.delete(name);
      }
      await at.controller.service.applyPolicy(gold);
      await at.controller.service.applyGroup(spec);
      for (const [name, body] of hidden) await at.documents.write(name, body);
    };

    it('is not taken for the one in the bank, and the bank is not taken over', async () => {
      await appliedUnseen();
      const before = await everything();
      const { groups, isWhole } = await at.rebuild();
      expect(isWhole).to.equal(false);
      expect(groups[0]).to.deep.include({ group: 'shop', outcome: 'refused', points: 0 });
      const [fault] = groups[0]!.faults;
      expect(fault!.code).to.equal('bank.group-differs');
      expect(fault!.message).to.include('2, of which the state does not know 2');
      expect(fault!.message).to.include('--replace');
      expect(await everything()).to.deep.equal(before);
    });

    it('ships nothing over the one in the bank, which then takes its place by order', async () => {
      await appliedUnseen();
      await at.controller.service.banks.adopt('west', { reason });
      const before = await everything();
      expect((await at.failure())?.code).to.equal('bank.group-differs');
      expect(await everything()).to.deep.equal(before);
      const { groups } = await at.replaced();
      expect(groups[0]).to.include({ outcome: 'rebuilt', primary: 'east', points: 2 });
      await at.sync('after');
      expect((await at.points()).map(({ sequence }) => sequence)).to.deep.equal([3, 2, 1]);
    });
  });

  describe('of a state that was put back from an older copy', () => {
    const copy = () => join(at.root, 'copy');
    const dataDir = () => join(at.root, 'one');
    beforeEach(async () => {
      await restarted('one', () => cp(dataDir(), copy(), { recursive: true }));
    });
    const putBack = async () => {
      await rm(dataDir(), { recursive: true });
      await cp(copy(), dataDir(), { recursive: true });
    };

    it('ships nothing from a primary that is none any more', async () => {
      await at.failOver();
      await restarted('one', putBack);
      const before = await everything();
      expect((await at.failure())?.code).to.equal('bank.group-differs');
      expect(await everything()).to.deep.equal(before);
      expect((await at.rebuild()).groups[0]).to.include({ outcome: 'refused' });
      const { groups } = await at.replaced();
      expect(groups[0]).to.include({ outcome: 'rebuilt', primary: 'west', generation: 2 });
    });

    it('does not take for expired what it was replaced without', async () => {
      const [, second = ''] = await at.names('shop/points/');
      const hidden = (await at.documents.read(second))!;
      await at.documents.delete(second);
      expect((await at.replaced()).groups[0]).to.include({ points: 1 });
      await at.documents.write(second, hidden);
      const { groups } = await at.controller.service.banks.verify('west', [at.lost.key]);
      const codes = groups.flatMap(({ faults }) => faults).map(({ code }) => code);
      expect(codes).to.deep.equal(['bank.group-differs']);
    });

    it('ships nothing beside points that it does not know, and goes on from them by order', async () => {
      await at.sync('more');
      const [newest] = await at.points();
      await at.controller.service.holdPoint('shop', newest!.id, reason);
      await at.sync('and more');
      await restarted('one', putBack);
      const before = await everything();
      const failure = await at.failure();
      expect(failure?.code).to.equal('bank.group-differs');
      expect(failure?.message).to.include('its state is an older copy');
      expect(await everything()).to.deep.equal(before);
      expect((await at.replaced()).groups[0]).to.include({ outcome: 'rebuilt', points: 3 });
      expect((await at.reasons()).get(newest!.id)).to.include('held');
      await at.sync('after');
      expect((await at.points()).map(({ sequence }) => sequence)).to.deep.equal([5, 4, 3]);
    });

    it('goes on beside one that is damaged, and says nothing', async () => {
      await at.sync('more');
      const third = manifestObject('shop', (await at.points())[0]!.id);
      const altered = Buffer.from(
        String(await at.documents.read(third)).replace('"shop"', '"shoq"'),
      );
      await at.documents.write(third, altered);
      await restarted('one', putBack);
      expect(await at.failure()).to.equal(null);
    });

    it('is told of points that it does not know', async () => {
      await at.sync('more');
      await restarted('one', putBack);
      expect(await at.points()).to.have.length(2);
      const { groups, isWhole } = await at.controller.service.banks.verify('west', [at.lost.key]);
      expect(isWhole).to.equal(false);
      const codes = groups.flatMap(({ faults }) => faults).map(({ code }) => code);
      expect(codes).to.deep.equal(['bank.group-differs']);
      const refused = await at.rebuild();
      expect(refused.groups[0]!.faults[0]!.message).to.include(
        '3, of which the state does not know 1',
      );
      expect((await at.replaced()).groups[0]).to.include({ points: 3 });
    });
  });

  it('goes on where it is the same', async () => {
    // The key of this test's banks is not that of their state.
    const order = { acceptUnverified: true };
    await at.rebuild(order);
    expect((await at.rebuild(order)).groups[0]).to.include({ outcome: 'present', points: 2 });
    expect(await at.failure()).to.equal(null);
    expect((await at.rebuild(order)).groups[0]).to.include({ outcome: 'present', points: 3 });
  });
});
