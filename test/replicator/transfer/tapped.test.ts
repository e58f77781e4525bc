import { expect } from 'chai';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { tapped } from '../../../replicator/transfer/tapped.ts';

describe('tapped', () => {
  const pieces = ['one ', 'two ', 'three'];
  const source = () => Readable.from(pieces.map((text) => Buffer.from(text)));

  it('sees every piece once, before its reader, however it is read', async () => {
    const readers: Record<string, (body: Readable) => Promise<unknown>> = {
      iterated: (body) => buffer(body),
      piped: (body) => buffer(body.pipe(new PassThrough())),
      flowing: (body) => pipeline(body, new PassThrough().resume()),
    };
    for (const [how, read] of Object.entries(readers)) {
      const seen: string[] = [];
      await read(tapped(source(), (piece) => seen.push(String(piece))));
      expect(seen, how).to.deep.equal(pieces);
    }
  });

  it('takes nothing by itself', async () => {
    let seen = 0;
    const body = tapped(source(), () => (seen += 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).to.equal(0);
    expect(String(await buffer(body))).to.equal('one two three');
    expect(seen).to.equal(3);
  });

  it('leaves the failure of the stream to its reader', async () => {
    const fault = new Error('broke off');
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('one');
        throw fault;
      })(),
    );
    const body = tapped(broken, () => undefined);
    expect(await buffer(body).catch((error: unknown) => error)).to.equal(fault);
  });
});
