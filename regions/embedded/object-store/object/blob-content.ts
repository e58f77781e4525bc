import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ObjectRecord } from '../records.ts';
import { smallBytes } from '../../store/sparse-file.ts';
import { notFound } from '../refusals.ts';
import type { Content, Core } from '../request.ts';

const pieceBytes = 1 << 20;

/**
 * An object's own bytes. Undefined when they are not there or not as many as there should be: Swift
 * puts what is damaged so aside, and answers as if it had never been.
 */
export function blobContent(core: Core, record: ObjectRecord): Content | undefined {
  const { blob, bytes, etag } = record;
  if (blob === null)
    return {
      bytes: 0,
      etag,
      open: () => Promise.resolve(Buffer.alloc(0)),
    };
  const path = core.state.blobs.path(blob);
  if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return undefined;
  return {
    bytes,
    etag,
    open: async (first, last) => {
      const isWhole = first === 0 && last === bytes - 1;
      if (bytes <= smallBytes) {
        const data = readRange(path, first, last);
        if (isWhole) core.state.damage.wasReadWhole(blob);
        return data;
      }
      const file = await open(path).catch(() => {
        throw notFound();
      });
      const stream = file.createReadStream({ start: first, end: last, highWaterMark: pieceBytes });
      if (isWhole) stream.once('end', () => core.state.damage.wasReadWhole(blob));
      return stream;
    },
  };
}

/** Both ends included. Throws a Refusal of 404 when the file is gone. */
function readRange(path: string, first: number, last: number): Buffer {
  const data = Buffer.allocUnsafe(last - first + 1);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw notFound();
  }
  try {
    return data.subarray(0, readSync(file, data, { position: first }));
  } finally {
    closeSync(file);
  }
}
