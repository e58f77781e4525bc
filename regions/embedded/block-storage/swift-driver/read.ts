import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflate, createZstdDecompress } from 'node:zlib';
import type { Disk } from '../disk/disk.ts';
import { type Chunk, metadataName, readMetadata, sha256Name } from './layout.ts';
import { BackupFailure, type SwiftAccount } from './swift.ts';

/** Where one backup of a chain lies. */
export interface Layer {
  readonly container: string;
  readonly prefix: string;
}

export interface RestoreJob {
  /** Oldest first. */
  readonly layers: readonly Layer[];
  readonly disk: Disk;
  readonly swift: SwiftAccount;
  /** The disk is a file, which is opened to be written anew: it ends where the last piece does. */
  readonly isFile: boolean;
  /** Asked before each object; false: the restore was called off. */
  readonly isWanted: () => Promise<boolean>;
  /** After each layer that has any. */
  readonly onVolumeMeta: (volumeMeta: string) => Promise<void>;
}

/**
 * Writes a chain onto the disk; a file is emptied first, whatever comes of the rest. False when it was called off. Neither md5 nor
 * sha256 is looked at: like cinder-backup, it restores damaged data without a word.
 */
export async function readBackup(job: RestoreJob): Promise<boolean> {
  const { layers, disk, swift } = job;
  const newest = layers.at(-1);
  if (job.isFile) await disk.empty();
  if (newest !== undefined) await readMetadata(swift, newest.container, newest.prefix);
  for (const [index, layer] of layers.entries()) {
    const { container, prefix } = layer;
    const { chunks, volumeMeta } = await readMetadata(swift, container, prefix);
    await requireSameNames(swift, layer, chunks);
    // The first layer writes every block of a device, zeros too: the same, and quicker.
    if (index === 0 && !job.isFile) await disk.clear();
    for (const chunk of chunks) {
      if (!(await job.isWanted())) return false;
      await writeChunk(disk, await swift.get(container, chunk.name), chunk, index === 0);
      await disk.reachTo(chunk.offset + chunk.length);
    }
    if (volumeMeta !== null) await job.onVolumeMeta(volumeMeta);
  }
  return true;
}

/** One object more or less than the metadata names, and nothing is restored. */
async function requireSameNames(
  swift: SwiftAccount,
  { container, prefix }: Layer,
  chunks: readonly Chunk[],
): Promise<void> {
  const own = [metadataName(prefix), sha256Name(prefix)];
  const found = (await swift.list(container, prefix)).filter((name) => !own.includes(name)).sort();
  const named = chunks.map(({ name }) => name).sort();
  if (found.length === named.length && found.every((name, index) => name === named[index])) return;
  throw new BackupFailure(
    'Invalid backup: restore_backup aborted, actual object list does not match object list stored in metadata.',
  );
}

async function writeChunk(
  disk: Disk,
  body: Readable,
  { offset, compression }: Chunk,
  isFirstLayer: boolean,
): Promise<void> {
  let position = offset;
  const sink = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      // Only in the first layer is there nothing below that zeros must overwrite.
      if (isFirstLayer) await disk.writeOverZeros(position, piece);
      else await disk.write(position, piece);
      position += piece.length;
    }
  };
  const chunkSize = 1 << 18;
  switch (compression.toLowerCase()) {
    case 'none':
    case 'off':
    case 'no':
      return pipeline(body, sink);
    case 'zlib':
    case 'gzip':
      return pipeline(body, createInflate({ chunkSize }), sink);
    case 'zstd':
      return pipeline(body, createZstdDecompress({ chunkSize }), sink);
    default:
      body.destroy();
      throw new BackupFailure(`unsupported compression algorithm: ${compression}`);
  }
}
