import { createHash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { isZero } from '../../store/zeros.ts';

const deflated = promisify<Buffer, { maxOutputLength: number }, Buffer>(deflate);
/** Hashed at a stretch, before others have their turn. */
const stretchBytes = 1 << 20;

export interface Packed {
  readonly body: Buffer;
  /** `none` when deflating would not make it smaller. */
  readonly compression: 'zlib' | 'none';
  /** Of the bytes before packing. */
  readonly md5: string;
}

/**
 * Hashes and compresses as the driver does. Most of most volumes is zeros: whole chunks of them are
 * packed once, blocks of them hashed once.
 */
export class Packer {
  readonly #blockBytes: number;
  readonly #zeroBlockHash: string;
  #zeroChunk: (Packed & { readonly length: number }) | undefined;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
    this.#zeroBlockHash = sha256(Buffer.alloc(blockBytes));
  }

  /** One hash a block; the last block may be shorter. */
  async hashes(data: Buffer): Promise<string[]> {
    if (data.length % this.#blockBytes === 0 && isZero(data))
      return Array<string>(data.length / this.#blockBytes).fill(this.#zeroBlockHash);
    const found: string[] = [];
    for (let at = 0; at < data.length; at += this.#blockBytes) {
      const block = data.subarray(at, at + this.#blockBytes);
      const isPlain = block.length === this.#blockBytes && isZero(block);
      found.push(isPlain ? this.#zeroBlockHash : sha256(block));
      if (at % stretchBytes === 0) await breath();
    }
    return found;
  }

  async pack(data: Buffer): Promise<Packed> {
    const isPlain = isZero(data);
    if (isPlain && this.#zeroChunk?.length === data.length) return this.#zeroChunk;
    const packed = { ...(await compressed(data)), md5: await md5(data) };
    if (isPlain && packed.compression === 'zlib')
      this.#zeroChunk = { ...packed, length: data.length };
    return packed;
  }
}

async function compressed(data: Buffer): Promise<Pick<Packed, 'body' | 'compression'>> {
  try {
    const maxOutputLength = Math.max(data.length - 1, 1);
    return { body: await deflated(data, { maxOutputLength }), compression: 'zlib' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    return { body: data, compression: 'none' };
  }
}

async function md5(data: Buffer): Promise<string> {
  const hash = createHash('md5');
  for (let at = 0; at < data.length; at += stretchBytes) {
    hash.update(data.subarray(at, at + stretchBytes));
    await breath();
  }
  return hash.digest('hex');
}

function sha256(block: Buffer): string {
  return createHash('sha256').update(block).digest('hex');
}
