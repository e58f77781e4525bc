import type { Readable } from 'node:stream';

/** An object's bytes on their way out: what is small is there at once. */
export type Body = Readable | Buffer;

/** One after another, however they come. */
export function partsOf(body: Body): AsyncIterable<Buffer> | Iterable<Buffer> {
  return Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>);
}
