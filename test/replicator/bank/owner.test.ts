import { expect } from 'chai';
import { documentBytesMax, SwiftDocuments } from '../../../replicator/bank/documents.ts';
import { adopt, ownerObject, readOwner, requireOwner } from '../../../replicator/bank/owner.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { rejection } from '../../support/rejection.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';

const { signal } = new AbortController();

describe('the owner of a bank', () => {
  let store: MemoryObjectStore;
  let documents: SwiftDocuments;
  let clock: SkippingClock;
  beforeEach(() => {
    store = new MemoryObjectStore();
    documents = new SwiftDocuments(store, 'farshore');
    clock = new SkippingClock();
  });
  const owned = (installation: string) => requireOwner(documents, installation, clock, signal);
  const names = async () => {
    const found: string[] = [];
    for await (const name of documents.list('')) found.push(name);
    return found;
  };

  it('is whoever first uses an empty one, and asking again is one request', async () => {
    expect((await owned('a')).installation).to.equal('a');
    expect(await names()).to.deep.equal([ownerObject]);
    store.requests.length = 0;
    await owned('a');
    expect(store.requests.map(({ method }) => method)).to.deep.equal(['GET']);
  });

  it('keeps every other out, with a way on, and nothing is changed', async () => {
    await owned('a');
    const error = await rejection(owned('b'));
    expect(error).to.include({ code: 'bank.other-owner', kind: 'permanent' });
    expect(error.message).to.include('belongs to installation a').and.to.include('installation b');
    expect(error.hint).to.include('farshore bank adopt');
    expect((await readOwner(documents))?.installation).to.equal('a');
  });

  it('is one of two that come at once, also where the store knows no conditions', async () => {
    for (const isConditional of [true, false]) {
      store = new MemoryObjectStore();
      const put = store.put.bind(store);
      if (!isConditional)
        store.put = (container, object, body, options) => {
          const headers = { 'content-type': 'application/json' };
          return put(container, object, body, { ...options, headers });
        };
      documents = new SwiftDocuments(store, 'farshore');
      const both = await Promise.allSettled([owned('b'), owned('a')]);
      expect(
        both.map(({ status }) => status),
        String(isConditional),
      ).to.deep.equal(['rejected', 'fulfilled']);
      expect((await readOwner(documents))?.installation).to.equal('a');
      expect((await rejection(owned('b'))).code).to.equal('bank.other-owner');
    }
  });

  it('is found after a kill between claim and document', async () => {
    store.before = ({ method, object }) => {
      if (method === 'PUT' && object === ownerObject) throw new Error('killed');
    };
    await owned('a').catch(() => undefined);
    store.before = undefined;
    expect((await owned('a')).installation).to.equal('a');
    expect(await names()).to.deep.equal([ownerObject]);
  });

  it('is not made up for a container that holds something and does not say whose it is', async () => {
    await documents.write('shop/points/p1.json', Buffer.from('{}'));
    const error = await rejection(owned('a'));
    expect(error).to.include({ code: 'bank.ownerless' });
    expect(error.message).to.include('shop/points/p1.json');
    expect(error.hint).to.include('farshore bank adopt');
    expect(await names()).to.deep.equal(['shop/points/p1.json']);
  });

  it('changes by an order, which the former one hears of', async () => {
    await owned('a');
    const by = { at: '2026-11-29T08:00:00.000Z', reason: 'the disk of a burnt' };
    const { owner, before } = await adopt(documents, 'b', by, signal);
    expect(before).to.equal('a');
    expect(owner.former).to.deep.equal([{ installation: 'a', until: by.at, reason: by.reason }]);
    expect((await owned('b')).installation).to.equal('b');
    expect((await rejection(owned('a'))).message).to.include('belongs to installation b');
    expect((await adopt(documents, 'b', by, signal)).owner).to.deep.equal(owner);
  });

  const by = { at: '2026-11-29T08:00:00.000Z', reason: 'a test' };

  it('is not guessed where the document is a newer one’s, which no order overwrites', async () => {
    const newer = '{"format": 2, "installation": "a"}';
    await documents.write(ownerObject, Buffer.from(newer));
    expect((await rejection(owned('a'))).code).to.equal('bank.owner-not-understood');
    const error = await rejection(adopt(documents, 'a', by, signal));
    expect(error.code).to.equal('bank.owner-not-understood');
    expect((await documents.read(ownerObject))?.toString()).to.equal(newer);
  });

  it('is not guessed where the document is spoilt, and said anew by an order', async () => {
    for (const text of [
      '',
      'no json',
      '{}',
      '{"format":1,"installation":"a","sin',
      '{"format":1}',
    ]) {
      await documents.write(ownerObject, Buffer.from(text));
      const error = await rejection(owned('a'));
      expect(error.code, text).to.equal('bank.owner-damaged');
      expect(error.hint).to.include('farshore bank adopt');
      expect((await documents.read(ownerObject))?.toString()).to.equal(text);
      expect((await adopt(documents, 'a', by, signal)).before).to.equal(null);
      expect(await owned('a')).to.deep.include({ installation: 'a', former: [] });
    }
  });

  it('is said by an order where a claim was left by one that never comes back', async () => {
    await documents.write('.claims/a', Buffer.from('{}'));
    const error = await rejection(owned('b'));
    expect(error).to.include({ code: 'bank.contended' });
    expect(error.hint).to.include('farshore bank adopt');
    await adopt(documents, 'b', by, signal);
    expect((await owned('b')).installation).to.equal('b');
  });

  it('is not read when it is too large to be one', async () => {
    await store.putContainer('farshore');
    const body = Buffer.alloc(documentBytesMax + 1);
    await store.put('farshore', ownerObject, body, { contentLength: body.length });
    expect((await rejection(owned('a'))).code).to.equal('bank.document-too-large');
  });
});
