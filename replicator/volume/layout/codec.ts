import type { Transform } from 'node:stream';
import { createInflate, createZstdDecompress } from 'node:zlib';

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
      return createInflate();
    case 'zstd':
      return createZstdDecompress();
    default:
      return undefined;
  }
}

export const codecHint =
  'set backup_compression_algorithm to zlib, zstd or none in the source’s cinder.conf';
