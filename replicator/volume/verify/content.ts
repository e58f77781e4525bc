import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { Cover } from '../layout/cover.ts';
import { readMetadata, type Chunk, type MetadataSummary } from '../layout/metadata.ts';
import { gib, metadataName, sha256FileName } from '../layout/names.ts';
import { inPieces } from '../../transfer/in-pieces.ts';
import { readSha256File, type BlockHash } from '../layout/sha256-file.ts';
import type { BackupCopy } from '../types.ts';
import { hashObject } from '../ship/send.ts';
import { type KnownContents, verifyChunk } from './chunk.ts';
import type { Findings } from '../../findings.ts';

/** Objects read back at once: hashing and unpacking keep two cores busy with it. */
const readsAtOnce = 4;

/** Which of a backup's chunks are read, by their place in `_metadata`; from the first on, all else of it is too. */
export interface Span {
  readonly from: number;
  /** The first that is not. */
  readonly to: number;
}

export const wholeBackup: Span = { from: 0, to: Infinity };

/**
 * Reads everything of one backup, or a span of its chunks. `_metadata` is hashed first and only then
 * believed, so that an altered one is itself the finding and not the cause of a thousand others. Gives
 * how many chunks there are; 0 where that cannot be told.
 */
export async function verifyContent(
  copy: BackupCopy & { readonly parentId: string | null },
  span: Span,
  at: TargetContext,
  findings: Findings,
  ambient: Ambient,
): Promise<number> {
  const { container, prefix, parentId } = copy;
  if (span.from === 0) await verifySha256File(copy, at, findings);
  const subject = `${container}/${metadataName(prefix)}`;
  const store = at.target.objectStore;
  const found = await hashObject(store, container, metadataName(prefix), at.signal);
  if (found === null) {
    findings.add(subject, 'missing', 'expected the backup’s _metadata');
    return 0;
  }
  if (found !== copy.metadataSha256) {
    findings.add(subject, 'altered', `expected SHA-256 ${copy.metadataSha256}, found ${found}`);
    return 0;
  }
  const cover = new Cover(copy.sizeGib, !copy.incremental);
  const summary: Summary = { chunks: 0 };
  const chunks = chunksOf(copy, span, at, cover, summary);
  const known: KnownContents = new Map();
  await parallel(chunks, readsAtOnce, at.signal, async (chunk, signal) => {
    await verifyChunk(container, chunk, { ...at, signal }, findings, known, ambient);
  });
  if (span.from > 0) return summary.chunks;
  const fault = cover.fault();
  if (fault !== undefined) findings.add(subject, 'altered', fault);
  const parent = summary.value?.parentId ?? null;
  if (parent !== parentId)
    findings.add(
      subject,
      'altered',
      `expected parent ${String(parentId)}, names ${String(parent)}`,
    );
  return summary.chunks;
}

interface Summary {
  value?: MetadataSummary;
  chunks: number;
}

async function* chunksOf(
  { container, prefix }: BackupCopy,
  { from, to }: Span,
  at: TargetContext,
  cover: Cover,
  summary: Summary,
): AsyncGenerator<Chunk> {
  const object = metadataName(prefix);
  // A row is asked for when a chunk was read: from one connection that would take longer than it lives.
  const body = await inPieces(at.target.objectStore, container, object, at.signal);
  if (body === null) return;
  const chunks = readMetadata(body, `${container}/${object}`);
  for (let next = await chunks.next(); ; next = await chunks.next()) {
    if (next.done === true) {
      summary.value = next.value;
      return;
    }
    cover.add(next.value);
    const index = summary.chunks;
    summary.chunks += 1;
    if (index >= from && index < to) yield next.value;
  }
}

async function verifySha256File(
  copy: BackupCopy,
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  const { container, sizeGib, sha256FileSha256 } = copy;
  const object = sha256FileName(copy.prefix);
  const subject = `${container}/${object}`;
  const download = await at.target.objectStore.get(container, object, { signal: at.signal });
  if (download === null) {
    findings.add(subject, 'missing', 'expected the block hashes');
    return;
  }
  try {
    const hashes = readSha256File(download.body, subject);
    let blocks = 0;
    let last: BlockHash | undefined;
    let next = await hashes.next();
    for (; next.done !== true; next = await hashes.next()) {
      blocks += 1;
      last = next.value;
    }
    if (next.value !== sha256FileSha256) {
      findings.add(subject, 'altered', `expected SHA-256 ${sha256FileSha256}, found ${next.value}`);
      return;
    }
    const expected = Math.ceil((sizeGib * gib) / (last?.blockBytes ?? 1));
    if (blocks !== expected)
      findings.add(subject, 'altered', `expected ${expected} block hashes, found ${blocks}`);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    findings.add(subject, 'altered', error.message);
  } finally {
    // Read by hand, it is not closed by what throws in between.
    download.body.destroy();
  }
}

function isUnreadable(error: unknown): error is FarshoreError {
  return (
    error instanceof FarshoreError &&
    (error.code === 'volume.json-unreadable' || error.code === 'volume.metadata-unknown')
  );
}
