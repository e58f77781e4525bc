/** `_metadata` of a backup: which objects it has, where in the volume they belong, and its parent. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { FarshoreError } from '../../../kernel/errors.ts';
import { tapped } from '../../transfer/tapped.ts';
import { jsonParts } from './json-items.ts';

/** One piece of the volume. Length and MD5 are those of the uncompressed data. */
export interface Chunk {
  readonly object: string;
  readonly offset: number;
  readonly length: number;
  readonly compression: string;
  readonly md5: string;
}

export interface MetadataSummary {
  readonly parentId: string | null;
  /** Of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Yields the chunks in the file's order, returns the rest at the end. Throws `volume.json-unreadable`
 * or `volume.metadata-unknown` when it is not what Cinder writes. The hash is known at the end only:
 * a caller acts on the chunks for good only after that.
 */
export async function* readMetadata(
  body: Readable,
  subject: string,
): AsyncGenerator<Chunk, MetadataSummary> {
  const hash = createHash('sha256');
  const fields = new Map<string, unknown>();
  for await (const part of jsonParts(
    tapped(body, (piece) => hash.update(piece)),
    'objects',
  )) {
    if (part.kind === 'item') yield toChunk(part.value, subject);
    else fields.set(part.key, part.value);
  }
  const parentId = fields.get('parent_id') ?? null;
  const version = fields.get('version');
  if (version !== '1.0.0') return unknown(subject, `version ${JSON.stringify(version)}`);
  if (parentId !== null && typeof parentId !== 'string') return unknown(subject, 'parent_id');
  return { parentId, sha256: hash.digest('hex') };
}

function toChunk(item: unknown, subject: string): Chunk {
  const entries: (readonly [string, unknown])[] =
    typeof item === 'object' && item !== null ? Object.entries(item) : [];
  const [object, value] = entries[0] ?? ['', undefined];
  if (entries.length !== 1 || typeof value !== 'object' || value === null)
    return unknown(subject, 'an object that is not one name with its fields');
  const { offset, length, compression, md5 } = value as Record<string, unknown>;
  if (!isCount(offset) || !isCount(length))
    return unknown(subject, `offset or length of ${object}`);
  if (typeof compression !== 'string' || typeof md5 !== 'string')
    return unknown(subject, `compression or md5 of ${object}`);
  return { object, offset, length, compression, md5 };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function unknown(subject: string, what: string): never {
  throw new FarshoreError(`holds what Cinder’s Swift driver does not write: ${what}`, {
    code: 'volume.metadata-unknown',
    kind: 'permanent',
    operation: 'read backup metadata',
    subject,
  });
}
