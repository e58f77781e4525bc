import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Ambient } from '../../../kernel/ambient.ts';
import { silentLog } from '../../../kernel/log.ts';
import { parallel } from '../../../replicator/transfer/parallel.ts';
import { relayObject, type RelayOrder } from '../../../replicator/transfer/relay.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { rejection } from '../../support/rejection.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';

const large = Buffer.alloc(1_000_000, 'large');
const small = Buffer.from('small');

describe('relay of one object', () => {
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let tally: { expected: number; moved: number; objects: number };
  const { signal } = new AbortController();

  beforeEach(async () => {
    east = new MemoryObjectStore();
    west = new MemoryObjectStore();
    tally = { expected: 0, moved: 0, objects: 0 };
    for (const store of [east, west]) await store.putContainer('c');
    for (const [name, body] of Object.entries({ large, small }))
      await east.put('c', name, body, { contentLength: body.length });
  });

  function relay(object: string, more: Partial<RelayOrder> = {}) {
    const ambient: Ambient = {
      clock: new SkippingClock(),
      random: { next: () => 0.5, id: () => 'id' },
      log: silentLog,
    };
    const progress = {
      expect: ({ bytes = 0 }) => void (tally.expected += bytes),
      moved: ({ bytes = 0, objects = 0 }) => {
        tally.moved += bytes;
        tally.objects += objects;
      },
      copied: () => undefined,
      present: () => undefined,
    };
    const place = { container: 'c', object };
    const order = { from: { store: east, ...place }, to: { store: west, ...place }, ...more };
    return relayObject(order, { ambient, progress, signal });
  }

  for (const [name, body] of Object.entries({ large, small }))
    it(`brings a ${name} one over whole, counted and hashed`, async () => {
      const relayed = await relay(name, { sha256: true });
      expect(west.stored.get('c')!.current.get(name)!.stored.body.equals(body)).to.equal(true);
      expect(relayed!.sha256).to.match(/^[0-9a-f]{64}$/);
      expect(tally).to.deep.equal({ expected: 0, moved: body.length, objects: 1 });
    });

  it('gives null for what is not there', async () => {
    expect(await relay('nothing')).to.equal(null);
  });

  it('begins the whole object again after a failure of either side, and tells its source’s own error', async () => {
    let failures = 2;
    west.before = ({ method }) => {
      if (method === 'PUT' && failures-- > 0) throw refusal(503, 'PUT', 'c');
    };
    await relay('large');
    expect(west.count('PUT', 'c')).to.equal(4);
    expect(tally.objects).to.equal(1);
    expect(tally.moved - tally.expected).to.equal(large.length);

    const broken = refusal(undefined, 'GET', 'c', 'region.broke-off');
    const get = east.get.bind(east);
    east.get = async (...args) => {
      const download = (await get(...args))!;
      const body = Readable.from(
        (async function* () {
          yield await Promise.resolve(large.subarray(0, 1000));
          throw broken;
        })(),
      );
      return { ...download, body };
    };
    expect(await rejection(relay('large'))).to.equal(broken);
  });

  it('sends nothing of a source that changed since it was listed', async () => {
    const error = await rejection(relay('small', { expected: { etag: 'other', bytes: 5 } }));
    expect(error.code).to.equal('transfer.source-changed');
    expect(west.stored.get('c')!.current.size).to.equal(0);
  });
});

describe('parallel', () => {
  const { signal } = new AbortController();

  it('keeps to its limit and does everything', async () => {
    let active = 0;
    let most = 0;
    const done: number[] = [];
    await parallel([1, 2, 3, 4, 5, 6, 7], 3, signal, async (item) => {
      active += 1;
      most = Math.max(most, active);
      await new Promise(setImmediate);
      active -= 1;
      done.push(item);
    });
    expect([most, done.length]).to.deep.equal([3, 7]);
  });

  it('stops at the first failure, aborts the others and throws that one', async () => {
    const begun: number[] = [];
    const error = new Error('second');
    const work = parallel([1, 2, 3, 4, 5], 2, signal, async (item, stop) => {
      begun.push(item);
      if (item === 2) throw error;
      await new Promise((_resolve, reject) =>
        stop.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    });
    expect(await work.catch((caught: unknown) => caught)).to.equal(error);
    expect(begun).to.deep.equal([1, 2]);
  });
});
