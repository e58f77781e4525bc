import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { hashBeside } from '../../../../regions/embedded/store/hashing/hash-threads.ts';

const kib = 1024;

describe('hashing beside the main thread', () => {
  it('gives the digests of many streams at once, each in its own order', async () => {
    const streams = await Promise.all(
      [1, 2, 3, 4, 5].map(async (count) => {
        const pieces = Array.from({ length: 20 }, () => randomBytes(count * kib));
        const hasher = hashBeside(['md5', 'sha512']);
        for (let at = 0; at < pieces.length; at += 2) await hasher.update(pieces.slice(at, at + 2));
        return { pieces, digests: await hasher.digests() };
      }),
    );
    for (const { pieces, digests } of streams) {
      const whole = Buffer.concat(pieces);
      expect(digests).to.deep.equal(
        ['md5', 'sha512'].map((name) => createHash(name).update(whole).digest('hex')),
      );
    }
  });

  it('forgets a stream that is given up, and goes on with others', async () => {
    const given = hashBeside(['md5']);
    await given.update([Buffer.from('half')]);
    given.abandon();
    const hasher = hashBeside(['md5']);
    await hasher.update([Buffer.from('whole')]);
    expect(await hasher.digests()).to.deep.equal([createHash('md5').update('whole').digest('hex')]);
  });
});
