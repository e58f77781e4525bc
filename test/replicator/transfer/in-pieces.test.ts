import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { inPieces } from '../../../replicator/transfer/in-pieces.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { rejection } from '../../support/rejection.ts';

const pieceBytes = 1000;

describe('an object read in pieces', () => {
  let store: MemoryObjectStore;
  const { signal } = new AbortController();
  const content = randomBytes(10 * pieceBytes + 1);

  beforeEach(async () => {
    store = new MemoryObjectStore();
    await store.putContainer('c');
    await store.put('c', 'o', content, { contentLength: content.length });
  });

  const read = (object = 'o') => inPieces(store, 'c', object, signal, pieceBytes);

  it('is whole', async () => {
    expect((await buffer((await read())!)).equals(content)).to.equal(true);
  });

  it('leaves no connection open while its reader pauses, and asks for no more than that needs', async () => {
    const open = new Set<unknown>();
    const get = store.get.bind(store);
    let asked = 0;
    store.get = async (...args) => {
      const found = await get(...args);
      asked += 1;
      open.add(found!.body);
      found!.body.once('close', () => open.delete(found!.body));
      return found;
    };
    const parts = (await read())![Symbol.asyncIterator]();
    await parts.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(open.size).to.equal(0);
    expect(asked).to.be.within(1, 3);
    await parts.return?.();
  });

  it('is no mixture of two objects of that name', async () => {
    const body = (await read())!;
    const parts = body[Symbol.asyncIterator]();
    await parts.next();
    const other = randomBytes(content.length);
    await store.put('c', 'o', other, { contentLength: other.length });
    const error = await rejection(buffer(body));
    expect(error).to.include({ code: 'transfer.object-changed', kind: 'transient' });
    expect(error.message).to.equal('it was replaced while it was read');
  });

  it('fails, and does not end early, where the object is deleted meanwhile', async () => {
    const body = (await read())!;
    const parts = body[Symbol.asyncIterator]();
    await parts.next();
    await store.delete('c', 'o');
    const error = await rejection(buffer(body));
    expect(error).to.include({ code: 'transfer.object-changed', subject: 'c/o' });
    expect(error.message).to.equal('it was deleted while it was read');
  });

  it('gives null for what is not there, and nothing for what is empty', async () => {
    expect(await read('nothing')).to.equal(null);
    await store.put('c', 'empty', '', { contentLength: 0 });
    expect(await buffer((await read('empty'))!)).to.have.length(0);
  });
});
