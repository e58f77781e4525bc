import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Backup } from '../../../regions/block-storage/types.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface StoredBackup extends Writable<Backup> {
  /** All fields of the record, as an export gives them. */
  record: Record<string, unknown>;
}

export const blockBytes = 32 * 1024;
/** Small, so that a volume of 1 MiB has several. */
const chunkBytes = 256 * 1024;
const swiftDriver = 'cinder.backup.drivers.swift.SwiftBackupDriver';

/** A volume's bytes. Sizes are fractions of a GiB in tests: 1/1024 is a volume of 1 MiB. */
export class MemoryDisk {
  readonly bytes: Buffer;

  constructor(sizeGib: number) {
    this.bytes = Buffer.alloc(sizeGib * 1024 ** 3);
  }

  copy(): MemoryDisk {
    const made = new MemoryDisk(this.bytes.length / 1024 ** 3);
    this.bytes.copy(made.bytes);
    return made;
  }

  /** One layer, as cinder-backup does it: false when listing and `_metadata` differ; no hash is checked. */
  async restore(store: ObjectStore, backup: StoredBackup): Promise<boolean> {
    const prefix = String(backup.record['service_metadata']);
    const names: string[] = [];
    for await (const row of store.list(backup.container, { prefix })) names.push(row.name);
    const metadata = await read(store, backup.container, `${prefix}_metadata`);
    if (metadata === undefined) return false;
    const { objects } = JSON.parse(metadata.toString()) as {
      objects: Record<string, { offset: number; compression: string }>[];
    };
    const expected = objects.flatMap((object) => Object.keys(object));
    const found = names.filter((name) => !/_(metadata|sha256file)$/.test(name));
    if (expected.sort().join() !== found.sort().join()) return false;
    for (const [name, { offset, compression }] of objects.flatMap((each) => Object.entries(each))) {
      const body = await read(store, backup.container, name);
      if (body === undefined) return false;
      unpack(body, compression).copy(this.bytes, offset);
    }
    return true;
  }
}

/** Codecs take turns, so that every chunk test meets all that a backup can hold. */
const codecs = ['zlib', 'none', 'zstd'];

function pack(data: Buffer, compression: string): Buffer {
  if (compression === 'zlib') return deflateSync(data);
  return compression === 'zstd' ? zstdCompressSync(data) : data;
}

function unpack(body: Buffer, compression: string): Buffer {
  if (compression === 'zlib') return inflateSync(body);
  return compression === 'zstd' ? zstdDecompressSync(body) : body;
}

/** Writes a backup's objects in cinder-backup's order and fills its record. */
export async function writeBackup(
  store: ObjectStore,
  backup: StoredBackup,
  disk: MemoryDisk,
  parent: StoredBackup | undefined,
): Promise<void> {
  const { container } = backup;
  const stamp = backup.createdAt.replaceAll(/\D/g, '').slice(0, 14);
  const prefix = `volume_${backup.volumeId}/${stamp}/az_nova_backup_${backup.id}`;
  await store.putContainer(container);
  const before = parent === undefined ? undefined : await hashesOf(store, parent);
  const sha256s = blocks(disk.bytes).map((block) => digest('sha256', block));
  const objects: unknown[] = [];
  for (const [offset, length] of extents(disk.bytes.length, sha256s, before)) {
    const data = disk.bytes.subarray(offset, offset + length);
    const compression = codecs[objects.length % codecs.length]!;
    const name = `${prefix}-${String(objects.length + 1).padStart(5, '0')}`;
    await put(store, container, name, pack(data, compression));
    objects.push({ [name]: { compression, length, md5: digest('md5', data), offset } });
  }
  const head = { backup_id: backup.id, version: '1.0.0', volume_id: backup.volumeId };
  const hashes = { ...head, chunk_size: blockBytes, sha256s };
  await put(store, container, `${prefix}_sha256file`, json(hashes));
  const metadata = { ...head, objects, parent_id: parent?.id ?? null, volume_meta: '{"a": "[,"}' };
  await put(store, container, `${prefix}_metadata`, json(metadata));
  backup.objectCount = objects.length;
  backup.record = recordOf(backup, prefix, parent);
}

/** Offset and length of what has to be stored: all of it in chunks, or the runs of changed blocks. */
function extents(
  size: number,
  sha256s: readonly string[],
  before: readonly string[] | undefined,
): [number, number][] {
  const found: [number, number][] = [];
  if (before === undefined) {
    for (let at = 0; at < size; at += chunkBytes) found.push([at, Math.min(chunkBytes, size - at)]);
    return found;
  }
  sha256s.forEach((sha256, index) => {
    const offset = index * blockBytes;
    if (sha256 === before[index]) return;
    const last = found.at(-1);
    const isNext = last !== undefined && last[0] + last[1] === offset && offset % chunkBytes !== 0;
    if (isNext) last[1] += Math.min(blockBytes, size - offset);
    else found.push([offset, Math.min(blockBytes, size - offset)]);
  });
  return found;
}

function recordOf(
  backup: StoredBackup,
  prefix: string,
  parent: StoredBackup | undefined,
): Record<string, unknown> {
  return {
    id: backup.id,
    user_id: 'source-user',
    project_id: 'source-project',
    volume_id: backup.volumeId,
    host: 'source-host',
    availability_zone: 'nova',
    container: backup.container,
    parent_id: parent?.id ?? null,
    status: 'available',
    size: backup.sizeGib,
    display_name: backup.name,
    display_description: backup.description,
    service_metadata: prefix,
    service: swiftDriver,
    object_count: backup.objectCount,
    snapshot_id: backup.snapshotId,
    data_timestamp: backup.dataTimestamp,
    encryption_key_id: null,
  };
}

async function hashesOf(store: ObjectStore, backup: StoredBackup): Promise<string[]> {
  const name = `${String(backup.record['service_metadata'])}_sha256file`;
  const body = await read(store, backup.container, name);
  return (JSON.parse(body!.toString()) as { sha256s: string[] }).sha256s;
}

function blocks(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes)
    found.push(bytes.subarray(at, at + blockBytes));
  return found;
}

/** As Python's `json.dumps(…, sort_keys=True, indent=2)`. */
function json(value: Record<string, unknown>): Buffer {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(JSON.stringify(sorted, null, 2));
}

function digest(algorithm: string, data: Buffer): string {
  return createHash(algorithm).update(data).digest('hex');
}

async function put(
  store: ObjectStore,
  container: string,
  name: string,
  body: Buffer,
): Promise<void> {
  await store.put(container, name, body, { contentLength: body.length });
}

async function read(
  store: ObjectStore,
  container: string,
  name: string,
): Promise<Buffer | undefined> {
  const download = await store.get(container, name);
  return download === null ? undefined : buffer(download.body);
}
