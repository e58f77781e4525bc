import type { Transform } from 'node:stream';
import { createInflate, createZstdDecompress } from 'node:zlib';

/** Handed on at once: chunks unpack to tens of MiB, mostly zeros. */
const chunkSize = 128 * 1024;

/**
 * What undoes a chunk's `compression`, as a stream; null when nothing has to be undone, undefined when
 * Node cannot. Cinder's `gzip` is Python's zlib too: a zlib stream, not a gzip file.
 */
export function decompressor(compression: string): Transform | null | undefined {
  switch (compression.toLowerCase()) {
    case 'none':
    case 'off':
    case 'no':
      return null;
    case 'zlib':
    case 'gzip':
      return createInflate({ chunkSize });
    case 'zstd':
      return createZstdDecompress({ chunkSize });
    default:
      return undefined;
  }
}

export const codecHint =
  'set backup_compression_algorithm to zlib, zstd or none in the source’s cinder.conf';
