import { expect } from 'chai';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import { fill, put, putSlo } from './fixture.ts';
import { contents, Harness } from './harness.ts';

describe('container mover: restoring what is damaged in the bank', () => {
  let h: Harness;
  let east: MemoryObjectStore;
  let west: MemoryObjectStore;
  let first: ContainerCopy;
  let before: Readonly<Record<string, string>>;

  beforeEach(async () => {
    east = new MemoryObjectStore({ account: 'AUTH_east' });
    west = new MemoryObjectStore({ account: 'AUTH_west' });
    h = await Harness.open(east, west);
    await fill(east);
    await putSlo(east, 'photos', 'slo2', ['/photos_segments/big/2']);
    before = await contents(east, 'photos');
    first = await h.protect('photos', 's1');
  });

  afterEach(() => h.close());

  async function damage(body: string) {
    const bank = west.stored.get('farshore')!.current;
    for (const [name, { stored }] of bank) if (stored.body.toString() === body) bank.delete(name);
    return await h.mover.verify(first, 'listing', h.target());
  }

  it('recovers everything else when something is damaged in the bank, and says what is not', async () => {
    const { findings } = await damage('body of dir/');
    expect(findings.map(({ subject }) => subject)).to.deep.equal(['photos/dir/']);
    const order = h.order('failover');
    const restored = await h.mover.restore(first, order, h.target());
    expect(restored.notes.join()).to.contain('damaged in the bank').and.to.contain('photos/dir/');
    const found = await contents(west, 'photos');
    expect(Object.keys(before).filter((name) => !(name in found))).to.have.members([
      'a static link',
      'dir/',
    ]);
    const check = await h.mover.check(first, restored, order, h.target());
    expect(check.state).to.equal('unchecked');
    expect(check.detail).to.match(
      /^2 of \d+ objects are not whole in the bank and were left out: /,
    );
    expect(check.detail).to.contain('photos/dir/: its bytes are not in the bank');
    // What the bank has, and is not there, was not left out for that.
    await west.delete('photos', 'a b');
    const worse = await h.mover.check(first, restored, order, h.target());
    expect(worse).to.include({ state: 'mismatch' });
    expect(worse.detail).to.contain('photos/a b: is missing');
  });

  it('leaves out what is altered in the bank though nothing shows it, and names it', async () => {
    const bank = west.stored.get('farshore')!.current;
    const [, link] = [...bank].find(([, { stored }]) => stored.body.toString() === 'target')!;
    link.stored.body.write('altere');
    expect((await h.mover.verify(first, 'listing', h.target())).findings).to.deep.equal([]);
    const restored = await h.mover.restore(first, h.order('failover'), h.target());
    expect(restored.notes.join()).to.contain('photos/z target (expected SHA-256');
    const found = await contents(west, 'photos');
    expect(Object.keys(before).filter((name) => !(name in found))).to.have.members([
      'a link',
      'z target',
    ]);
  });

  it('leaves out what is made of something lost, names it, and blames nothing else', async () => {
    const bank = west.stored.get('farshore')!.current;
    const [, link] = [...bank].find(([, { stored }]) => stored.body.toString() === 'segment 1;')!;
    link.stored.body.write('S');
    for (const mode of ['failover', 'drill'] as const) {
      const order = h.order(mode);
      const restored = await h.mover.restore(first, order, h.target());
      const notes = restored.notes.join();
      expect(notes).to.contain('photos_segments/big/1 (expected SHA-256');
      expect(notes).to.match(/3 objects were left out, .*photos\/dlo/);
      const found = await contents(west, restored.id);
      const left = Object.keys(before).filter((name) => !(name in found));
      expect(left).to.have.members(['dlo', 'slo', 'nested']);
      const check = await h.mover.check(first, restored, order, h.target());
      expect(check).to.include({ state: 'unchecked', isIncomplete: true });
      expect(check.detail).to.match(/^4 of \d+ objects are not whole in the bank/);
    }
    // Whole in the bank, and refused all the same: that is not excused by what is lost elsewhere.
    await using there = await Harness.open(east, west);
    await west.delete('photos', 'slo2');
    const worse = await there.mover.check(
      first,
      { resource: first.resource, id: 'photos', name: 'photos', bytes: 0, notes: [] },
      there.order('failover'),
      there.target(),
    );
    expect(worse).to.include({ state: 'mismatch' });
    expect(worse.detail).to.contain('photos/slo2: is missing');
  });

  it('reads what it would copy unread, where not all that is damaged is listed', async () => {
    await east.putContainer('plain');
    await put(east, 'plain', 'large', 'x'.repeat(9 * 1024 * 1024));
    await put(east, 'plain', 'whole', 'w'.repeat(9 * 1024 * 1024));
    const copy = await h.protect('plain', 's3');
    const bank = west.stored.get('farshore')!.current;
    const [, link] = [...bank].find(
      ([, { stored }]) => stored.body.indexOf('xxxxxxxxx') === 0 && stored.body.length > 1 << 20,
    )!;
    link.stored.body.write('X');
    const order = { ...h.order('failover'), damaged: new Set<string>(), isMoreDamaged: true };
    const { notes } = await h.mover.restore(copy, order, h.target());
    expect(notes.join()).to.contain('plain/large');
    expect(await contents(west, 'plain')).to.have.all.keys('whole');
  });
});
