import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
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
  await pipeline(createReadStream(path, { highWaterMark: mib }), hash);
  return hash.digest('hex');
}

/** The file below a directory that has these bytes. */
export async function fileOfHash(directory: string, sha512: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await fileHash(path, 'sha512')) === sha512) return path;
  }
  throw new Error(`no file below ${directory} has the bytes of ${sha512}`);
}

function* random({ randomMiB, seed }: RandomBytes): Generator<Buffer, void, undefined> {
  const key = createHash('sha256').update(String(seed)).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(mib);
  for (let n = 0; n < randomMiB; n += 1) yield stream.update(zeros);
}
