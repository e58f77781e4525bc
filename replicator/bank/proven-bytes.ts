import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { FarshoreError } from '../../kernel/errors.ts';

const chunkBytes = 64 * 1024;

/** Of what was written to a local file, from its first byte on. */
export interface Written {
  readonly bytes: number;
  readonly crc: number;
}

/** With the next piece. */
export function followed({ bytes, crc }: Written, piece: Buffer): Written {
  return { bytes: bytes + piece.length, crc: crc32(piece, crc) };
}

/** Reads that much of the file; throws `spool.altered` at the end when it is not what was written. */
export async function* provenBytes(file: FileHandle, written: Written): AsyncGenerator<Buffer> {
  let read: Written = { bytes: 0, crc: 0 };
  while (read.bytes < written.bytes) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = Math.min(chunkBytes, written.bytes - read.bytes);
    const { bytesRead } = await file.read(chunk, 0, length, read.bytes);
    if (bytesRead === 0) throw altered(`${read.bytes} of ${written.bytes} bytes were read`);
    const piece = chunk.subarray(0, bytesRead);
    read = followed(read, piece);
    yield piece;
  }
  if (read.crc !== written.crc) throw altered('at least a byte differs');
}

/** The same, for nothing but its error. */
export async function proveBytes(file: FileHandle, written: Written): Promise<void> {
  const pieces = provenBytes(file, written);
  while ((await pieces.next()).done !== true);
}

export function altered(difference: string): FarshoreError {
  return new FarshoreError(
    `a file on the local disk does not hold what was written to it: ${difference}`,
    {
      code: 'spool.altered',
      kind: 'transient',
      operation: 'read spooled rows',
      hint: "look at the disk under dataDir, and at the kernel's log",
    },
  );
}
