import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import { FarshoreError } from '../../kernel/errors.ts';
import type { ImageService } from '../../regions/image/types.ts';
import { Reading } from '../transfer/reading.ts';
import { hashNameOf, type Content } from './content.ts';
import { HashingStream } from './hashing-stream.ts';

export interface ReadBack {
  readonly problem?: 'missing' | 'truncated' | 'altered';
  readonly bytes: number;
  readonly detail: string;
}

/** How the end of a body looks that is shorter than announced: closed, or silent. */
const cutShort: ReadonlySet<string> = new Set(['region.connection-lost', 'region.timeout']);

/** Reads of one image before a place where it always ends is believed. */
const reads = 2;

/**
 * Downloads an image and hashes all of it. A store that lost the end of a file cuts the download, which
 * looks like a lost connection: only when a second read, from the beginning, ends at the very same byte is
 * it `truncated`. Anything else that keeps the bytes from being read throws. Broken off by the signal,
 * `reading` is how far it came, and can be given again.
 */
export async function readBack(
  glance: ImageService,
  image: { readonly id: string; readonly sizeBytes: number } & Content,
  signal: AbortSignal,
  reading = new Reading(hashNameOf(image.hashAlgo)),
): Promise<ReadBack> {
  let cutAt: number | undefined;
  // What goes on in the middle says nothing of where the data ends.
  for (let read = reading.bytes === 0 ? 1 : 0; ; read += 1) {
    const body = await open(glance, image.id, reading, signal);
    if (!(body instanceof Readable)) return body;
    const expected = { ...image, operation: 'read image back', subject: image.id };
    try {
      await pipeline(body, new HashingStream(expected, { reading }), discard(), { signal });
      return { bytes: reading.bytes, detail: `${image.hashAlgo} ${image.hashValue}` };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FarshoreError)) throw error;
      const { code, message } = error;
      const { bytes } = reading;
      if (code === 'image.content-altered')
        return {
          problem: bytes < image.sizeBytes ? 'truncated' : 'altered',
          bytes,
          detail: message,
        };
      if (!cutShort.has(code)) throw error;
      if (cutAt === bytes)
        return {
          problem: 'truncated',
          bytes,
          detail: `the data ends at byte ${bytes} of ${image.sizeBytes}, each time it is read`,
        };
      if (read === reads) throw error;
      cutAt = bytes;
      reading.restart();
    }
  }
}

/** The data from where the reading is, or all of it and the reading begun anew. */
async function open(
  glance: ImageService,
  id: string,
  reading: Reading,
  signal: AbortSignal,
): Promise<Readable | ReadBack> {
  try {
    const { body, from } = await glance.downloadFrom(id, reading.bytes, signal);
    if (from !== reading.bytes) reading.restart();
    return body;
  } catch (error) {
    if (!(error instanceof FarshoreError) || error.code !== 'image.no-data') throw error;
    return { problem: 'missing', bytes: 0, detail: error.message };
  }
}

function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
