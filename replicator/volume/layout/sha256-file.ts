/**
 * `_sha256file` of a backup: SHA-256 of every block (32 KiB by default) of the whole volume, for
 * incrementals too and for zeroes as for anything else; the last block may be shorter.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { FarshoreError } from '../../../kernel/errors.ts';
import { tapped } from '../../transfer/tapped.ts';
import { jsonParts } from './json-items.ts';

export interface BlockHash {
  readonly blockBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Yields the hashes in the volume's order; returns the SHA-256 of the file itself. The size of a block
 * stands before them (Cinder sorts the keys).
 */
export async function* readSha256File(
  body: Readable,
  subject: string,
): AsyncGenerator<BlockHash, string> {
  const hash = createHash('sha256');
  let blockBytes: number | undefined;
  for await (const part of jsonParts(
    tapped(body, (piece) => hash.update(piece)),
    'sha256s',
  )) {
    if (part.kind === 'field') {
      if (part.key === 'chunk_size' && typeof part.value === 'number') blockBytes = part.value;
    } else if (blockBytes === undefined || blockBytes <= 0) {
      unknown(subject, 'no chunk_size before the hashes');
    } else if (typeof part.value !== 'string') {
      unknown(subject, 'a hash that is not a string');
    } else {
      yield { blockBytes, sha256: part.value };
    }
  }
  return hash.digest('hex');
}

function unknown(subject: string, what: string): never {
  throw new FarshoreError(`holds what Cinder does not write: ${what}`, {
    code: 'volume.metadata-unknown',
    kind: 'permanent',
    operation: 'read block hashes',
    subject,
  });
}
