import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ObjectRecord } from '../records.ts';
import { notFound } from '../refusals.ts';
import type { Content, Core } from '../request.ts';

const pieceBytes = 1 << 20;

/**
 * An object's own bytes. Undefined when they are not there or not as many as there should be: Swift
 * puts what is damaged so aside, and answers as if it had never been.
 */
export async function blobContent(core: Core, record: ObjectRecord): Promise<Content | undefined> {
  const { blob, bytes, etag } = record;
  if (blob === null)
    return {
      bytes: 0,
      etag,
      open: () => Promise.resolve(Readable.from([], { objectMode: false })),
    };
  const path = core.state.blobs.path(blob);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size !== bytes) return undefined;
  return {
    bytes,
    etag,
    open: async (first, last) => {
      const file = await open(path).catch(() => {
        throw notFound();
      });
      const stream = file.createReadStream({ start: first, end: last, highWaterMark: pieceBytes });
      if (first === 0 && last === bytes - 1)
        stream.once('end', () => core.state.damage.wasReadWhole(blob));
      return stream;
    },
  };
}
