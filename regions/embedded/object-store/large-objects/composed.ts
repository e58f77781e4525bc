import { Readable } from 'node:stream';
import { type Body, partsOf } from '../body.ts';
import type { Piece } from './pieces.ts';

/**
 * The pieces one after another, each opened when the one before is through. The first is opened at
 * once, so that its refusal can still be the answer; a later one ends the stream with an error, and
 * so does any lack of bytes.
 */
export async function composed(
  pieces: AsyncGenerator<Piece, void, undefined>,
  open: (piece: Exclude<Piece, Buffer>) => Promise<Body>,
  bytes: number,
): Promise<Readable> {
  const openNext = async (): Promise<Body | undefined> => {
    const next = await pieces.next();
    if (next.done === true) return undefined;
    return Buffer.isBuffer(next.value) ? next.value : open(next.value);
  };
  const first = await openNext();
  const body = Readable.from(joined(first, openNext, bytes), { objectMode: false });
  // A reader that goes away before the first byte leaves the generator unstarted.
  if (first instanceof Readable) body.once('close', () => first.destroy());
  return body;
}

async function* joined(
  first: Body | undefined,
  openNext: () => Promise<Body | undefined>,
  bytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let missing = bytes;
  for (let piece = first; piece !== undefined; piece = await openNext()) {
    for await (const part of partsOf(piece)) {
      missing -= part.length;
      yield part;
    }
  }
  if (missing !== 0) throw new Error(`the segments lack ${missing} bytes of what was promised`);
}
