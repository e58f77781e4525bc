import type { BackupSettings } from '../cinder.ts';
import type { Disk } from '../disk/disk.ts';
import type { BackupRecord } from '../state/records.ts';
import type { ChunkMemory } from './chunk-memory.ts';
import {
  type BlockHashes,
  type Chunk,
  chunkName,
  metadataFile,
  metadataName,
  sha256File,
  sha256Name,
} from './layout.ts';
import { Packer } from './pack.ts';
import { BackupFailure, type SwiftAccount } from './swift.ts';

export interface BackupJob {
  readonly backup: BackupRecord & { readonly container: string; readonly serviceMetadata: string };
  readonly disk: Disk;
  readonly settings: BackupSettings;
  readonly swift: SwiftAccount;
  /** Of the parent, for an incremental. */
  readonly parent: BlockHashes | null;
  readonly memory: ChunkMemory;
  /** Asked before each chunk. */
  readonly isWanted: () => Promise<boolean>;
  /** Python's JSON of the volume's fields, taken when its bytes have been read. */
  readonly volumeMeta: () => Promise<string>;
}

/** Writes all objects, `_metadata` last; how many hold data. Null when it was no longer wanted. */
export async function writeBackup(job: BackupJob): Promise<number | null> {
  const { backup, disk, settings, swift, memory } = job;
  const writer = new Writer(job);
  for (let offset = 0; offset < disk.sizeBytes; offset += settings.chunkBytes) {
    if (!(await job.isWanted())) return null;
    const length = Math.min(settings.chunkBytes, disk.sizeBytes - offset);
    await memory.use(length, async (buffer) => {
      await writer.write(offset, await disk.read(buffer, offset));
    });
  }
  const { container, serviceMetadata } = backup;
  const hashes = sha256File(backup, writer.sha256s, settings.blockBytes);
  const metadata = metadataFile(backup, writer.chunks, await job.volumeMeta());
  await swift.put(container, sha256Name(serviceMetadata), hashes);
  await swift.put(container, metadataName(serviceMetadata), metadata);
  return writer.chunks.length;
}

class Writer {
  readonly sha256s: string[] = [];
  readonly chunks: Chunk[] = [];
  readonly #job: BackupJob;
  readonly #packer: Packer;

  constructor(job: BackupJob) {
    this.#job = job;
    this.#packer = new Packer(job.settings.blockBytes);
  }

  /** One chunk of the volume: all of it, or what is not as the parent has it. */
  async write(offset: number, data: Buffer): Promise<void> {
    const { parent, settings } = this.#job;
    const hashes = await this.#packer.hashes(data);
    const firstBlock = this.sha256s.length;
    for (const hash of hashes) this.sha256s.push(hash);
    if (parent === null) return this.#put(offset, data);
    for (const [start, end] of changes(hashes, parent.sha256s, firstBlock)) {
      const from = start * settings.blockBytes;
      await this.#put(offset + from, data.subarray(from, end * settings.blockBytes));
    }
  }

  async #put(offset: number, data: Buffer): Promise<void> {
    const { backup, swift } = this.#job;
    const name = chunkName(backup.serviceMetadata, this.chunks.length + 1);
    const { body, compression, md5 } = await this.#packer.pack(data);
    await swift.put(backup.container, name, body);
    this.chunks.push({ name, offset, length: data.length, compression, md5 });
  }
}

/** Runs of blocks, `[first, end)`, whose hashes differ from the parent's. */
export function changes(
  hashes: readonly string[],
  before: readonly string[],
  firstBlock: number,
): [number, number][] {
  const runs: [number, number][] = [];
  hashes.forEach((hash, index) => {
    const old = before[firstBlock + index];
    if (old === undefined) throw new BackupFailure('list index out of range');
    if (hash === old) return;
    const last = runs.at(-1);
    if (last?.[1] === index) last[1] = index + 1;
    else runs.push([index, index + 1]);
  });
  return runs;
}
