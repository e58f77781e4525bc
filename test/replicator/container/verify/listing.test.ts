import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { systemRandom } from '../../../../kernel/random.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { smallBytes } from '../../../../replicator/bank/stored-objects.ts';
import { verifyListing } from '../../../../replicator/container/verify/listing.ts';
import { StoredRows } from '../../../../replicator/container/verify/stored-rows.ts';
import type { ContainerCopy } from '../../../../replicator/container/types.ts';
import { Findings } from '../../../../replicator/findings.ts';
import type { Verification } from '../../../../replicator/mover.ts';
import { MemoryObjectStore } from '../../../support/memory/object-store.ts';
import { put } from '../fixture.ts';
import { Harness } from '../harness.ts';

const count = 60;

function keyOf(body: string): string {
  const hash = createHash('sha256').update(body).digest('hex');
  return `${hash.slice(0, 2)}/${hash}`;
}

describe('container verify: by the listing', () => {
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let h: Harness;
  let copy: ContainerCopy;

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    await east.putContainer('docs');
    for (let n = 0; n < count; n += 1) await put(east, 'docs', `object ${n}`, `body ${n}`);
    await put(east, 'docs', 'twin', 'body 1');
    const large = Buffer.alloc(smallBytes + 1, 7);
    await east.put('docs', 'large', large, { contentLength: large.length });
    copy = await h.protect('docs', 's1');
    west.forget();
  });

  afterEach(() => h.close());

  async function verified(tableRows: number): Promise<Verification> {
    const findings = new Findings(copy.resource);
    const at = h.target();
    const deps = {
      ambient: { clock: h.clock, random: systemRandom, log: silentLog },
      spoolDir: `${h.dir}/spool`,
    };
    await verifyListing(new StoredRows(copy, at, findings), at, deps, findings, tableRows);
    return findings.result('listing');
  }

  const asked = () =>
    west.requests
      .filter(({ method, object }) => method === 'HEAD' && object?.includes('/objects/') === true)
      .map(({ object }) => object?.slice('shop/objects/'.length));
  const bank = () => west.stored.get('farshore')!.current;
  const objectOf = (key: string) => `shop/objects/${key}`;
  const largeKey = () => [...bank().keys()].find((name) => name.includes('/objects/large/'))!;

  const ways = { 'in a table': count + 2, 'sorted on the disk': count + 1 };
  for (const [way, tableRows] of Object.entries(ways)) {
    describe(way, () => {
      it('asks for nothing that the listing proves, and counts every object once', async () => {
        const { objects, findings } = await verified(tableRows);
        expect([objects, findings, asked()]).to.deep.equal([count + 2, [], []]);
      });

      it('finds that everything is missing', async () => {
        for (const key of bank().keys()) if (key.includes('/objects/')) bank().delete(key);
        const { findings, damaged } = await verified(tableRows);
        expect(findings.map(({ subject }) => subject)).to.have.members([
          ...Array.from({ length: count }, (_, n) => `docs/object ${n}`),
          'docs/twin',
          'docs/large',
        ]);
        expect([damaged, asked().length]).to.deep.equal([count + 2, count + 1]);
      });

      it('finds other bytes of the same length', async () => {
        await put(west, 'farshore', objectOf(keyOf('body 2')), 'bodY 2');
        const { findings } = await verified(tableRows);
        expect(findings.map(({ subject, problem }) => `${subject} ${problem}`)).to.deep.equal([
          'docs/object 2 altered',
        ]);
      });

      it('asks for what is missing or another, and tells of each object that has it', async () => {
        bank().delete(objectOf(keyOf('body 1')));
        Object.assign(bank().get(objectOf(keyOf('body 2')))!.stored, { body: Buffer.from('x') });
        bank().delete(largeKey());
        const { findings, damaged } = await verified(tableRows);
        expect(findings.map(({ subject, problem }) => `${subject} ${problem}`)).to.have.members([
          'docs/object 1 missing',
          'docs/twin missing',
          'docs/object 2 truncated',
          'docs/large missing',
        ]);
        expect(damaged).to.equal(4);
        expect(asked()).to.have.length(3);
      });

      it('tells of a lost catalog once', async () => {
        await west.delete('farshore', copy.catalog.object);
        const { findings, damaged } = await verified(tableRows);
        expect(findings.map(({ stored }) => stored)).to.deep.equal([copy.catalog.object]);
        expect(damaged).to.equal(count + 2);
      });
    });
  }

  it('believes a HEAD where the listing lags', async () => {
    const listing = west.list.bind(west);
    west.list = async function* (container, options) {
      for await (const row of listing(container, options))
        if (!row.name.endsWith(keyOf('body 3'))) yield row;
    };
    expect((await verified(1_000)).findings).to.deep.equal([]);
    expect(asked()).to.deep.equal([keyOf('body 3')]);
  });
});
