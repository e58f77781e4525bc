import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Ambient } from '../../../kernel/ambient.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import type { Bank } from '../../../replicator/bank/bank.ts';
import { adopt, ownerObject } from '../../../replicator/bank/owner.ts';
import { newKeyPair } from '../../../replicator/bank/identity.ts';
import { publishedKeys } from '../../../replicator/bank/signed.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { refusal } from '../../support/memory/refusal.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { testIdentity } from '../../support/identity.ts';

const ambient: Ambient = {
  clock: { ...systemClock, sleep: () => Promise.resolve() },
  random: systemRandom,
  log: silentLog,
};

async function* numbered(count: number): AsyncGenerator {
  for (let n = 0; n < count; n += 1) yield await Promise.resolve({ n, name: `object ${n} é😀` });
}

describe('the bank', () => {
  let store: MemoryObjectStore;
  let spoolDir: string;
  let bank: Bank;

  beforeEach(async () => {
    store = new MemoryObjectStore();
    spoolDir = await mkdtemp(join(tmpdir(), 'farshore-bank-'));
    bank = createBank({
      store,
      container: 'farshore',
      identity: testIdentity(),
      spoolDir,
      ambient,
    });
  });

  afterEach(() => rm(spoolDir, { recursive: true }));

  it('gives a catalog back row by row, and makes its container', async () => {
    const ref = await bank.writeCatalog('g', numbered(30_000));
    expect(ref.rows).to.equal(30_000);
    expect(ref.object).to.equal(`g/catalogs/${ref.sha256}.jsonl.gz`);
    const back = await collect(bank.readCatalog(ref));
    expect(back).to.deep.equal(await collect(numbered(30_000)));
  });

  it('knows from whom it was taken over, once it was asked whose it is', async () => {
    const { signal } = new AbortController();
    const { documents, installation } = bank;
    const by = { at: '2026-11-21T08:00:00.000Z', reason: 'its disk burnt' };
    await adopt(documents, 'i-0', by, signal);
    await adopt(documents, 'i-1', by, signal);
    await adopt(documents, installation, by, signal);
    expect(bank.former).to.deep.equal([]);
    await bank.requireOwned(signal);
    expect(bank.former).to.deep.equal(['i-0', 'i-1']);
  });

  it('holds the keys that sign and signed, also those that were spoilt meanwhile', async () => {
    const [key, former] = [newKeyPair(), newKeyPair()];
    const identity = testIdentity('test', key, [former]);
    bank = createBank({ store, container: 'farshore', identity, spoolDir, ambient });
    const there = async () =>
      (await publishedKeys(bank.documents)).map(({ fingerprint }) => fingerprint).sort();
    const both = [key.fingerprint, former.fingerprint].sort();
    await bank.sign(Buffer.from('content'));
    expect(await there()).to.deep.equal(both);
    await bank.documents.write(`.keys/${key.fingerprint.slice(7)}.json`, Buffer.from('{"for'));
    expect(await there()).to.deep.equal([former.fingerprint]);
    await bank.sign(Buffer.from('content'));
    expect(await there()).to.deep.equal(both);
  });

  it('sends equal rows once', async () => {
    const first = await bank.writeCatalog('g', numbered(5_000));
    store.forget();
    expect(await bank.writeCatalog('g', numbered(5_000))).to.deep.equal(first);
    expect(store.count('PUT')).to.equal(0);
    expect(store.bytesIn).to.equal(0);
  });

  it('holds an empty catalog', async () => {
    const ref = await bank.writeCatalog('g', numbered(0));
    expect(ref.rows).to.equal(0);
    expect(await collect(bank.readCatalog(ref))).to.deep.equal([]);
  });

  it('finds a catalog that is gone, altered or cut short before it gives a row', async () => {
    const ref = await bank.writeCatalog('g', numbered(5_000));
    const link = store.stored.get('farshore')!.current.get(ref.object)!;
    const whole = link.stored.body;
    const damaged = [
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole.subarray(0, 500), Buffer.from([255]), whole.subarray(501)]),
    ];
    for (const body of damaged) {
      store.stored.get('farshore')!.current.set(ref.object, {
        ...link,
        stored: { ...link.stored, body },
      });
      const rows: unknown[] = [];
      const reading = async () => {
        for await (const row of bank.readCatalog(ref)) rows.push(row);
      };
      expect(await rejection(reading())).to.have.property('code', 'bank.catalog-altered');
      expect(rows).to.be.empty;
    }
    await store.delete('farshore', ref.object);
    const reading = collect(bank.readCatalog(ref));
    expect(await rejection(reading)).to.have.property('code', 'bank.catalog-missing');
  });

  it('begins a transfer that broke off anew, and passes on a refusal', async () => {
    await store.putContainer('farshore');
    store.before = ({ method, object }) => {
      if (method === 'PUT' && object?.startsWith('g/') === true) throw refusal(503, 'PUT', 'x');
    };
    expect(await rejection(bank.writeManifest('g', 'warm-up', Buffer.from('{}')))).to.have.property(
      'kind',
      'transient',
    );
    let puts = 2;
    store.before = (request) => {
      if (request.method === 'PUT' && puts-- > 0) throw refusal(503, 'PUT', 'x');
    };
    const ref = await bank.writeCatalog('g', numbered(100));
    expect(await collect(bank.readCatalog(ref))).to.have.length(100);
    store.before = (request) => {
      if (request.method === 'GET') throw refusal(403, 'GET', 'x');
    };
    expect(await rejection(collect(bank.readCatalog(ref)))).to.have.property(
      'code',
      'region.refused',
    );
  });

  it('leaves nothing on the local disk, whether rows are read to the end or not', async () => {
    const ref = await bank.writeCatalog('g', numbered(30_000));
    for await (const row of bank.readCatalog(ref)) {
      expect(row).to.have.property('n', 0);
      break;
    }
    const failing = async function* (): AsyncGenerator {
      yield await Promise.resolve({ n: 1 });
      throw new Error('source failed');
    };
    const written = await bank.writeCatalog('g', failing()).catch(String);
    expect(written).to.contain('source failed');
    expect(await readdir(spoolDir)).to.deep.equal([]);
  });

  it('sweeps what no one keeps, of this group alone', async () => {
    const kept = await bank.writeCatalog('g', numbered(1));
    const dropped = await bank.writeCatalog('g', numbered(2));
    const foreign = await bank.writeCatalog('g2', numbered(2));
    expect(await bank.sweepCatalogs('g', new Set([kept.object]))).to.equal(1);
    expect([...store.stored.get('farshore')!.current.keys()].sort()).to.deep.equal(
      [kept.object, foreign.object, ownerObject].sort(),
    );
    expect(dropped.object).to.not.equal(kept.object);
    const empty = createBank({
      store,
      container: 'none',
      identity: testIdentity(),
      spoolDir,
      ambient,
    });
    expect(await empty.sweepCatalogs('g', new Set())).to.equal(0);
  });

  it('holds manifests byte for byte', async () => {
    const body = Buffer.from('{"id":"p1"}\n');
    expect(await bank.readManifest('g', 'p1')).to.equal(null);
    const { object } = await bank.writeManifest('g', 'p1', body);
    expect(object).to.equal('g/points/p1.json');
    expect(await bank.readManifest('g', 'p1')).to.deep.equal(body);
    expect(await bank.deleteManifest('g', 'p1')).to.equal(true);
    expect(await bank.deleteManifest('g', 'p1')).to.equal(false);
  });
});
