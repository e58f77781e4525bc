import { json } from 'node:stream/consumers';
import { isObject } from '../api/input.ts';
import { pythonJsonLines } from '../api/python.ts';
import type { BackupRecord } from '../state/records.ts';
import { BackupFailure, type SwiftAccount } from './swift.ts';

export const driverVersion = '1.0.0';

/** One object of a backup: which bytes of the volume it holds. Length and md5 are of those bytes. */
export interface Chunk {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly compression: string;
  readonly md5: string;
}

/** `volume_<id>/<YYYYmmddHHMMSS>/az_<zone>_backup_<id>`, the time in UTC. */
export function prefixOf(volumeId: string, backupId: string, zone: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return `volume_${volumeId}/${stamp}/az_${zone}_backup_${backupId}`;
}

export function chunkName(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(5, '0')}`;
}

export function metadataName(prefix: string): string {
  return `${prefix}_metadata`;
}

export function sha256Name(prefix: string): string {
  return `${prefix}_sha256file`;
}

/** The `_metadata` object: what a restore needs. Written last, it makes the backup whole. */
export function metadataFile(
  backup: BackupRecord,
  chunks: readonly Chunk[],
  volumeMeta: string,
): Buffer {
  const { name, description, ...rest } = head(backup);
  return file({
    backup_description: description,
    backup_id: backup.id,
    backup_name: name,
    created_at: rest.createdAt,
    objects: chunks.map(({ name: object, offset, length, compression, md5 }) => ({
      [object]: { compression, length, md5, offset },
    })),
    parent_id: backup.parentId,
    version: driverVersion,
    volume_id: backup.volumeId,
    volume_meta: volumeMeta,
  });
}

/** The `_sha256file` object: a hash of each block of the whole volume, what an incremental compares. */
export function sha256File(
  backup: BackupRecord,
  sha256s: readonly string[],
  blockBytes: number,
): Buffer {
  const { name, description, createdAt } = head(backup);
  return file({
    backup_description: description,
    backup_id: backup.id,
    backup_name: name,
    chunk_size: blockBytes,
    created_at: createdAt,
    sha256s,
    version: driverVersion,
    volume_id: backup.volumeId,
  });
}

function head({ name, description, createdAtMs }: BackupRecord): {
  readonly name: string | null;
  readonly description: string | null;
  readonly createdAt: string;
} {
  const time = new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' ');
  return { name, description, createdAt: `${time}+00:00` };
}

/** Its keys must be in alphabetical order: the driver sorts them. */
function file(value: object): Buffer {
  return Buffer.from(pythonJsonLines(value));
}

export interface Metadata {
  readonly chunks: readonly Chunk[];
  readonly volumeMeta: string | null;
}

export async function readMetadata(
  swift: SwiftAccount,
  container: string,
  prefix: string,
): Promise<Metadata> {
  const value = await readObject(swift, container, metadataName(prefix));
  if (value['version'] !== driverVersion)
    throw new BackupFailure(`No support to restore backup version ${String(value['version'])}`);
  const objects: unknown = value['objects'];
  if (!Array.isArray(objects)) throw new BackupFailure('the metadata lists no objects');
  const volumeMeta = value['volume_meta'];
  return {
    chunks: objects.flatMap((each: unknown) => (isObject(each) ? chunksOf(each) : [])),
    volumeMeta: typeof volumeMeta === 'string' && volumeMeta !== '' ? volumeMeta : null,
  };
}

function chunksOf(objects: Readonly<Record<string, unknown>>): Chunk[] {
  return Object.entries(objects).map(([name, value]) => {
    const { offset, length, compression, md5 } = isObject(value) ? value : {};
    if (typeof offset !== 'number' || typeof compression !== 'string')
      throw new BackupFailure(`the metadata of ${name} lacks fields`);
    return { name, offset, length: Number(length), compression, md5: String(md5) };
  });
}

export interface BlockHashes {
  readonly blockBytes: number;
  readonly sha256s: readonly string[];
}

export async function readBlockHashes(
  swift: SwiftAccount,
  container: string,
  prefix: string,
): Promise<BlockHashes> {
  const value = await readObject(swift, container, sha256Name(prefix));
  const sha256s: unknown = value['sha256s'];
  if (!Array.isArray(sha256s)) throw new BackupFailure('the parent has no hashes');
  return { blockBytes: Number(value['chunk_size']), sha256s: sha256s as string[] };
}

async function readObject(
  swift: SwiftAccount,
  container: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  const body = await swift.get(container, name);
  const value: unknown = await json(body).catch(() => undefined);
  if (!isObject(value)) throw new BackupFailure(`${name} is no JSON object`);
  return value;
}
