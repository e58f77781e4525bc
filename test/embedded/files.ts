import { createCipheriv, createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomBytes } from '../contract/environment.ts';

const mib = 1024 * 1024;

/** Into a file that is there. */
export async function writeBytes(
  path: string,
  offset: number,
  data: Buffer | RandomBytes,
): Promise<void> {
  await using file = await open(path, 'r+');
  let position = offset;
  for (const piece of Buffer.isBuffer(data) ? [data] : random(data)) {
    await file.write(piece, 0, piece.length, position);
    position += piece.length;
  }
}

/** What is read of a hole; Node has no way to give the space back. */
export async function writeZeros(path: string, offset: number, length: number): Promise<void> {
  await writeBytes(path, offset, Buffer.alloc(length));
}

export async function fileHash(path: string, algorithm: 'sha256' | 'sha512'): Promise<string> {
  const hash = createHash(algorithm);
  await using file = await open(path);
  const buffer = Buffer.alloc(mib);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, mib);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** The file below a directory that has these bytes. */
export async function fileOfHash(directory: string, hash: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await fileHash(path, 'sha512')) === hash) return path;
  }
  throw new Error(`no file below ${directory} has the bytes of ${hash}`);
}

function* random({ randomMiB, seed }: RandomBytes): Generator<Buffer, void, undefined> {
  const key = createHash('sha256').update(String(seed)).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(mib);
  for (let n = 0; n < randomMiB; n += 1) yield stream.update(zeros);
}
