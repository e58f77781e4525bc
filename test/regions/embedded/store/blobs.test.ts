import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { systemRandom } from '../../../../kernel/random.ts';
import { Blobs } from '../../../../regions/embedded/store/blobs.ts';
import { DiskFull } from '../../../../regions/embedded/store/disk-full.ts';

const mib = 1024 ** 2;

describe('blobs of an embedded region', () => {
  let directory: string;
  let blobs: Blobs;
  let isFull: boolean;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'farshore-blobs-'));
    isFull = false;
    blobs = await Blobs.open({ directory, random: systemRandom, isFull: () => isFull });
  });
  afterEach(() => rm(directory, { recursive: true }));

  const md5 = (data: Buffer): string => createHash('md5').update(data).digest('hex');

  for (const [what, expectedBytes] of [
    ['in this thread', undefined],
    ['beside it', 20 * mib],
  ] as const)
    it(`keeps the bytes, zeros as holes, and hashes ${what}`, async () => {
      const data = Buffer.concat([
        randomBytes(mib + 3),
        Buffer.alloc(18 * mib),
        randomBytes(77),
        Buffer.alloc(mib),
      ]);
      const pieces = function* (): Generator<Buffer> {
        for (let at = 0; at < data.length; at += 60_000) yield data.subarray(at, at + 60_000);
      };
      const body = Readable.from(pieces(), { objectMode: false });
      const blob = await blobs.write(body, { algorithms: ['md5'], expectedBytes });
      expect(blob).to.deep.include({ bytes: data.length, digests: [md5(data)] });
      expect(data.equals(await readFile(blobs.path(blob.id)))).to.equal(true);
      expect((await stat(blobs.path(blob.id))).blocks * 512).to.be.lessThan(6 * mib);
    });

  it('leaves no file of what failed, and reads on what the client still sends', async () => {
    const sent = async function* (): AsyncGenerator<Buffer> {
      yield randomBytes(mib);
      await Promise.resolve();
      isFull = true;
      yield randomBytes(mib);
    };
    const body = Readable.from(sent(), { objectMode: false });
    const ended = new Promise((resolve) => body.once('end', resolve));
    const failure = await blobs
      .write(body, { algorithms: ['md5'], expectedBytes: undefined })
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(DiskFull);
    await ended;
    for (const folder of await readdir(directory))
      expect(await readdir(join(directory, folder))).to.deep.equal([]);
  });
});
