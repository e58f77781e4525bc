import { crc32 } from 'node:zlib';
import { FarshoreError } from '../../kernel/errors.ts';

/** What lies on disk under one key. */
export interface StoredRecord {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly value: unknown;
  /** Id of the lease that it is under; absent: none. */
  readonly lease?: string;
}

/** `<crc32, 8 hex digits> <json>`: LevelDB does not check its own sums on reads unless told to. */
export function encodeRecord(record: StoredRecord): string {
  const { createRevision, modRevision, value, lease } = record;
  const json = JSON.stringify([
    createRevision,
    modRevision,
    value,
    ...(lease === undefined ? [] : [lease]),
  ]);
  return `${sum(json)} ${json}`;
}

/** Throws `store.corrupt` for anything that encodeRecord did not write. */
export function decodeRecord(path: string, text: string): StoredRecord {
  const json = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== sum(json)) throw corrupt(path);
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed) || parsed.length < 3 || parsed.length > 4) throw corrupt(path);
  const [createRevision, modRevision, value, lease] = parsed as [number, number, unknown, string?];
  return { createRevision, modRevision, value, ...(lease === undefined ? {} : { lease }) };
}

function sum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

function corrupt(path: string): FarshoreError {
  return new FarshoreError('the stored value does not match its checksum', {
    code: 'store.corrupt',
    kind: 'fatal',
    operation: 'read state',
    subject: path,
    hint: 'the disk or a program other than Farshore changed the state directory: put back a copy of it, or start with an empty dataDir and apply policies and groups again',
  });
}
