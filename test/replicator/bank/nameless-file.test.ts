import { mkdtemp, open, readlink, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { NamelessFile } from '../../../replicator/bank/nameless-file.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { rejection } from '../../support/rejection.ts';

async function* chunks(...all: readonly string[]): AsyncGenerator<Buffer> {
  for (const each of all) yield await Promise.resolve(Buffer.from(each));
}

describe('a file without a name', () => {
  let dir: string;
  let file: NamelessFile;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'farshore-nameless-'));
    file = await NamelessFile.open(dir, systemAmbient.random);
  });
  afterEach(async () => {
    await file.close();
    await rm(dir, { recursive: true });
  });

  /** Where the system still shows it. */
  async function path(): Promise<string> {
    for (const fd of await readdir('/proc/self/fd')) {
      const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
      if (target.startsWith(dir)) return `/proc/self/fd/${fd}`;
    }
    throw new Error('it is not open');
  }

  it('gives what was written, again and again, and only the last of it', async () => {
    await file.fill(chunks('first ', 'and longer'));
    expect(await file.fill(chunks('second ', 'one'))).to.equal(10);
    expect(String(await buffer(file.read()))).to.equal('second one');
    expect(String(await buffer(file.read()))).to.equal('second one');
  });

  it('tells what was written from what the disk has', async function () {
    if (process.platform !== 'linux') this.skip();
    const written = await file.fillHashed(chunks('line one\n', 'line two\n'));
    expect(written.bytes).to.equal(18);
    const other = await open(await path(), 'r+');
    try {
      await other.write(Buffer.from('L'), 0, 1, 9);
      const changed = await rejection(buffer(file.read()));
      expect(changed.code).to.equal('spool.altered');
      expect(changed.message).to.include('at least a byte differs');
      await other.write(Buffer.from('l'), 0, 1, 9);
      expect(await buffer(file.read())).to.have.lengthOf(18);
      // At the end of a line, where the rows themselves look whole.
      await other.truncate(9);
      const error = await rejection(buffer(file.read()));
      expect(error.code).to.equal('spool.altered');
      expect(error.message).to.include('9 of 18 bytes');
    } finally {
      await other.close();
    }
  });
});
