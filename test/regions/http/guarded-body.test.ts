import { once } from 'node:events';
import { expect } from 'chai';
import { type BodyGuard, GuardedBody } from '../../../regions/http/guarded-body.ts';

/** A body whose pieces come when the test says so; `closed` hears how many bytes there were. */
function body(closed: (bytes: number) => void = () => undefined): GuardedBody {
  const nothing = () => undefined;
  const guard: BodyGuard = {
    watchdog: { moved: nothing, pause: nothing, resume: nothing, stop: nothing },
    expectedBytes: undefined,
    explain: (raw) => raw as Error,
    closed,
  };
  const source = { pause: nothing, resume: nothing, abort: nothing };
  return new GuardedBody(source, guard, { giveBack: nothing });
}

const pieces = (...lengths: readonly number[]): readonly Buffer[] =>
  lengths.map((length, n) => Buffer.alloc(length, n));

describe('a body that is read', () => {
  it('gives the very pieces that came, not one copy of all that wait', async () => {
    const it = body();
    const sent = pieces(1000, 1, 70_000, 3);
    const found: Buffer[] = [];
    const reader = it[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = reader.next();
    for (const piece of sent) it.receive(piece);
    it.complete();
    for (let next = await first; next.done !== true; next = await reader.next())
      found.push(next.value);
    expect(found).to.have.lengthOf(sent.length);
    for (const [n, piece] of found.entries()) expect(piece, String(n)).to.equal(sent[n]);
  });

  it('passes over pieces in which there is nothing', async () => {
    const it = body();
    const read = (async () => {
      const found: Buffer[] = [];
      for await (const piece of it as AsyncIterable<Buffer>) found.push(piece);
      return Buffer.concat(found);
    })();
    await new Promise(setImmediate);
    const sent = pieces(0, 10, 0, 0, 20, 0);
    for (const piece of sent) it.receive(piece);
    it.complete();
    expect((await read).equals(Buffer.concat(sent))).to.equal(true);
  });

  it('ends for whoever reads all that is there whenever something is', async () => {
    let bytes = -1;
    const it = body((count) => (bytes = count));
    const found: Buffer[] = [];
    it.on('readable', () => {
      for (let piece = it.read(); piece !== null; piece = it.read()) found.push(piece);
    });
    await new Promise(setImmediate);
    for (const piece of pieces(10, 20, 30)) it.receive(piece);
    it.complete();
    await once(it, 'close');
    expect(Buffer.concat(found)).to.have.lengthOf(60);
    expect(bytes).to.equal(60);
  });
});
