import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { documentBytesMax } from '../../../replicator/bank/documents.ts';
import { newKeyPair } from '../../../replicator/bank/identity.ts';
import { ownerObject } from '../../../replicator/bank/owner.ts';
import { LostState, reason } from '../support/lost-state.ts';

describe('a state that is had back from a bank that lost something too', () => {
  const at = new LostState();
  beforeEach(() => at.begin());
  afterEach(() => at.end());

  const faults = async () => {
    const { groups, bank, isWhole } = await at.controller.service.banks.verify('west', [
      at.lost.key,
    ]);
    const found = groups.flatMap((each) => each.faults.map(({ code, subject }) => [code, subject]));
    return { isWhole, bank: bank.fault?.code ?? null, found };
  };
  const tooLarge = async (name: string) =>
    at.west.demo.objectStore.put('farshore', name, Buffer.alloc(documentBytesMax + 1), {
      contentLength: documentBytesMax + 1,
      headers: {},
    });

  it('is had back of all else where one thing in the bank is spoilt or no Farshore wrote it', async () => {
    expect(await faults()).to.deep.equal({ isWhole: true, bank: null, found: [] });
    const [first = '', second = ''] = await at.names('shop/points/');
    const id = first.replace('shop/points/', '').replace('.json', '');
    await tooLarge(first);
    await tooLarge('other/group/2026-11-21T08:00:00.000Z-0000000001.json');
    await at.documents.write(
      'cut/group/2026-11-21T08:00:00.000Z-0000000001.json',
      Buffer.from('{"format":1,"group":"cu'),
    );
    await at.documents.write('/x', Buffer.from('of no group'));
    const { found, isWhole } = await faults();
    expect(isWhole).to.equal(false);
    expect(found).to.deep.equal([
      ['bank.group-missing', 'group record'],
      ['bank.group-not-understood', 'group record'],
      ['bank.group-not-understood', 'group record'],
      ['bank.document-too-large', id],
    ]);
    const { groups } = await at.rebuild();
    expect(
      groups.map(({ group, outcome, points: count }) => [group, outcome, count]),
    ).to.deep.equal([
      ['', 'refused', 0],
      ['cut', 'refused', 0],
      ['other', 'refused', 0],
      ['shop', 'rebuilt', 1],
    ]);
    expect(second).to.include((await at.points())[0]!.id);
  });

  it('has what operators hold, and which last copies are kept, as the state had it', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    const [, oldest] = await at.points();
    await at.controller.service.holdPoint('shop', oldest!.id, 'for the auditors');
    await at.sync('with the hold in the bank');
    const [newest, middle] = await at.points();
    await at.rewrite(
      await at.recordOf('shop'),
      (text) => {
        const record = JSON.parse(text) as { content: { changes: unknown[] } };
        const resource = { kind: 'volume', id: at.lost.id, name: 'data' };
        const change = {
          resource,
          change: 'emptied',
          since: '2026-11-29T08:00:00Z',
          detail: 'by a test',
        };
        record.content.changes = [{ ...change, sequence: 7, newestBefore: middle!.id }];
        return JSON.stringify(record) + '\n';
      },
      { key: at.keyPair },
    );
    await at.controller.stop();
    at.controller = await at.open('two', newKeyPair());
    await at.documents.delete(`shop/points/${oldest!.id}.json`);
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
    const { changes } = await at.controller.service.groupStatus('shop');
    expect(changes.map(({ change, detail }) => [change, detail])).to.deep.equal([
      ['emptied', 'by a test'],
    ]);
    const kept = await at.reasons();
    expect(kept.get(middle!.id)).to.match(
      /last copy of volume\/.*, emptied since 2026-11-29T08:00:00Z/,
    );
    expect(kept.get(newest!.id)).to.not.include('last copy');
  });

  it('has the holds of points that are there', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    const [, oldest] = await at.points();
    await at.controller.service.holdPoint('shop', oldest!.id, 'for the auditors');
    await at.sync('with the hold in the bank');
    await at.controller.stop();
    at.controller = await at.open('two', newKeyPair());
    await at.rebuild();
    expect((await at.reasons()).get(oldest!.id)).to.include('held: for the auditors');
  });

  it('has all other points when one manifest was altered, wherever it stands in the chain', async () => {
    const [first = '', second = ''] = await at.names('shop/points/');
    await at.rewrite(first, (text) => text.replace('"generation":1', '"generation":7'), null);
    expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 1 });
    expect(second).to.include((await at.points())[0]!.id);
  });

  it('needs the public keys in the bank, which are missed and written while the state is there', async () => {
    await at.controller.stop();
    at.controller = await at.open('one');
    const { fingerprint, pem } = await at.controller.service.banks.exportKey({ reason });
    await at.controller.stop();
    const encoded = (key: KeyObject, type: 'pkcs8' | 'spki') =>
      key.export({ type: type as 'pkcs8', format: 'der' }).toString('base64');
    at.controller = await at.open('one', {
      fingerprint,
      privateKey: encoded(createPrivateKey(pem), 'pkcs8'),
      publicKey: encoded(createPublicKey(pem), 'spki'),
    });
    await at.sync('signed by the key of the state');
    for (const spoil of [
      (name: string) => at.documents.delete(name),
      (name: string) => at.documents.write(name, Buffer.from('{"format":1,"fing')),
    ]) {
      await spoil(`.keys/${fingerprint.replace('sha256:', '')}.json`);
      expect(await faults()).to.deep.equal({
        isWhole: false,
        bank: null,
        found: [['bank.key-missing', 'shop']],
      });
      await at.sync('and again');
      expect(await faults()).to.deep.equal({ isWhole: true, bank: null, found: [] });
    }
  });

  for (const [code, spoil] of [
    ['bank.owner-damaged', () => at.documents.write(ownerObject, Buffer.from('{"format":1,"inst'))],
    ['bank.ownerless', () => at.documents.delete(ownerObject)],
  ] as const)
    it(`is had back where the bank does not say whose it is any more (${code})`, async () => {
      await spoil();
      expect(await faults()).to.deep.equal({ isWhole: false, bank: code, found: [] });
      expect((await at.rebuild()).groups[0]).to.include({ outcome: 'rebuilt', points: 2 });
      expect((await at.controller.service.banks.show('west')).isOwn).to.equal(true);
    });

  it('is missed while it is there, when the bank lost all of a group', async () => {
    await at.rebuild();
    for (const name of await at.names('shop/')) await at.documents.delete(name);
    const { found, isWhole } = await faults();
    expect(isWhole).to.equal(false);
    expect(found.map(([code]) => code)).to.deep.equal([
      'bank.group-missing',
      'point.manifest-missing',
      'point.manifest-missing',
    ]);
  });
});
