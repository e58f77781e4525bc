import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { MemoryObjectStore } from '../../../support/memory/object-store.ts';
import { rejection } from '../../../support/rejection.ts';
import { CaptureSpool } from '../../../../replicator/container/catalog/spool.ts';
import { put } from '../fixture.ts';
import { Harness, resource } from '../harness.ts';

describe('what a capture leaves on the local disk', () => {
  let h: Harness;
  let dir: string;
  let spool: CaptureSpool;

  beforeEach(async () => {
    const east = new MemoryObjectStore({ account: 'AUTH_east' });
    h = await Harness.open(east, new MemoryObjectStore({ account: 'AUTH_west' }));
    await east.putContainer('docs');
    for (const name of ['a', 'b', 'new\nline']) await put(east, 'docs', name, `body of ${name}`);
    dir = h.session('s1').spoolDir;
    spool = new CaptureSpool(dir, 'docs');
  });

  afterEach(() => h.close());

  const capture = () => h.mover.capture(resource('docs'), h.session('s1'));
  const names = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { name } of spool.listing()) found.push(name);
    return found;
  };

  it('is the listing at the cut, and is not made again', async () => {
    const first = await capture();
    await put(h.east, 'docs', 'late', 'x');
    expect(await capture()).to.deep.equal(first);
    expect(await names()).to.deep.equal(['a', 'b', 'new\nline']);
    expect(await names()).to.deep.equal(['a', 'b', 'new\nline']);
  });

  it('is captured again when its record tells of a listing in another form', async () => {
    const record = join(dir, `${spool.stem}.json`);
    const first = await capture();
    await writeFile(record, JSON.stringify({ ...first, spool: `${spool.stem}.jsonl.gz` }));
    await put(h.east, 'docs', 'late', 'x');
    expect(await spool.read()).to.equal(null);
    expect(await capture()).to.include({ objects: 4 });
    expect(await names()).to.deep.equal(['a', 'b', 'late', 'new\nline']);
  });

  for (const [what, change] of [
    ['emptied', () => ''],
    ['cut short', (text: string) => text.slice(0, 40)],
    ['altered in a digit', (text: string) => text.replace('"objects":3', '"objects":4')],
  ] as const)
    it(`is captured again when its record is ${what}`, async () => {
      await capture();
      const record = join(dir, `${spool.stem}.json`);
      await writeFile(record, change(await readFile(record, 'utf8')));
      await put(h.east, 'docs', 'late', 'x');
      expect(await spool.read()).to.equal(null);
      expect(await capture()).to.include({ objects: 4 });
    });

  it('is captured again when what lies in its place is another container’s, whole', async () => {
    await h.east.putContainer('other');
    await put(h.east, 'other', 'of another', 'x');
    const other = new CaptureSpool(dir, 'other');
    await capture();
    await h.mover.capture(resource('other'), h.session('s1'));
    const files = [other, spool].map(({ stem, name }) => [`${stem}.json`, name]);
    const [theirs, own] = await Promise.all(
      files.map((each) => Promise.all(each.map((name) => readFile(join(dir, name))))),
    );
    for (const [at, name] of files[1]!.entries()) await writeFile(join(dir, name), theirs![at]!);
    for (const [at, name] of files[0]!.entries()) await writeFile(join(dir, name), own![at]!);
    expect(await spool.read()).to.equal(null);
    expect((await capture()).resource).to.deep.equal(resource('docs'));
    expect(await names()).to.deep.equal(['a', 'b', 'new\nline']);
  });

  it('is captured again when its listing is gone', async () => {
    await capture();
    await rm(join(dir, spool.name));
    expect((await rejection(names())).code).to.equal('spool.altered');
    await put(h.east, 'docs', 'late', 'x');
    expect(await capture()).to.include({ objects: 4 });
  });

  it('tells a listing that the disk lost, in whole or in part, from an emptied container', async () => {
    for (const keep of ['a line', 'half a line', 'nothing']) {
      await capture();
      const path = join(dir, spool.name);
      const whole = await readFile(path);
      const lineEnd = whole.indexOf('\n') + 1;
      const length = { 'a line': lineEnd, 'half a line': lineEnd + 5, nothing: 0 }[keep]!;
      await truncate(path, length);
      const error = await rejection(names());
      expect(error.code).to.equal('spool.altered');
      expect(error.message).to.include(`${length} of ${whole.length} bytes`);
    }
  });

  for (const [what, from, to] of [
    ['a name', '"a"', '"z"'],
    ['what makes a row', '{"name":"b"', '["name":"b"'],
  ] as const) {
    it(`says of a listing whose disk changed ${what} that it is altered, and captures it again`, async () => {
      await capture();
      const path = join(dir, spool.name);
      await writeFile(path, (await readFile(path, 'utf8')).replace(from, to));
      expect((await rejection(names())).code).to.equal('spool.altered');
      await put(h.east, 'docs', 'late', 'x');
      expect(await capture()).to.include({ objects: 4 });
      expect(await names()).to.deep.equal(['a', 'b', 'late', 'new\nline']);
    });
  }
});
