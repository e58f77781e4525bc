import type { Transform } from 'node:stream';
import { createInflate, createZstdDecompress } from 'node:zlib';

/** Handed on at once: chunks unpack to tens of MiB, mostly zeros. */
const chunkSize = 128 * 1024;

type Codec = 'none' | 'zlib' | 'zstd';

/** By Cinder's names. Its `gzip` is Python's zlib too: a zlib stream, not a gzip file. */
const codecs: ReadonlyMap<string, Codec> = new Map([
  ['none', 'none'],
  ['off', 'none'],
  ['no', 'none'],
  ['zlib', 'zlib'],
  ['gzip', 'zlib'],
  ['zstd', 'zstd'],
]);

/** Whether Node can undo a chunk's `compression`. */
export function isKnownCodec(compression: string): boolean {
  return codecs.has(compression.toLowerCase());
}

/** What undoes it, as a stream; undefined when nothing has to be undone, or nothing can. */
export function decompressor(compression: string): Transform | undefined {
  const codec = codecs.get(compression.toLowerCase());
  if (codec === 'zlib') return createInflate({ chunkSize });
  return codec === 'zstd' ? createZstdDecompress({ chunkSize }) : undefined;
}

export const codecHint =
  'set backup_compression_algorithm to zlib, zstd or none in the source’s cinder.conf';
