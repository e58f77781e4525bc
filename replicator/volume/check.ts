/**
 * Is the restored volume the source, block by block? Its bytes come through the API: Cinder uploads
 * the volume as a raw image, the image is read back as a stream and every block hashed and compared
 * with `_sha256file` of the last backup, which covers the whole volume. Two streams, one block held.
 *
 * The image is deleted whatever happens; killed, the next run finds it by its name. Where a cloud
 * refuses (no right, no quota, no Glance) nothing was proven, and the answer is `unchecked`.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Ambient } from '../../kernel/ambient.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import type { ContentCheck, Restored, RestoreOrder, TargetContext } from '../mover.ts';
import { inPieces } from '../transfer/in-pieces.ts';
import { gib, sha256FileName } from './layout/names.ts';
import { readSha256File } from './layout/sha256-file.ts';
import type { VolumeCopy } from './types.ts';
import { checkImageName } from './recover/marks.ts';
import { removeImages, uploadedImage } from './recover/check-image.ts';
import { sizeOf } from './recover/scratch-volume.ts';

export async function checkVolume(
  copy: VolumeCopy,
  restored: Restored,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<ContentCheck> {
  const name = checkImageName(copy, order);
  const volume = await at.target.blockStorage.getVolume(restored.id, at.signal);
  if (volume === null) return { state: 'mismatch', bytes: 0, detail: 'the volume is gone' };
  if (volume.status !== 'available' && volume.status !== 'uploading')
    return unchecked(`the volume is ${volume.status}: it can be read only while it is available`);
  try {
    const upload = (): Promise<string> => uploadedImage(restored.id, name, at, ambient);
    const image = await orRefusal(at.signal, upload);
    if ('refusal' in image) return unchecked(image.refusal);
    const opened = await orRefusal(at.signal, () =>
      at.target.images.download(image.value, at.signal),
    );
    if ('refusal' in opened) return unchecked(opened.refusal);
    try {
      return await compare(copy, opened.value, at);
    } finally {
      opened.value.destroy();
    }
  } finally {
    // Also when the order was to stop: hence not its signal. The client has its own deadline.
    const clean = { ...at, signal: new AbortController().signal };
    await removeImages(name, clean).catch((error: unknown) => {
      ambient.log.warn('the image of a content check is left over', {
        image: name,
        why: describeError(error),
      });
    });
  }
}

type OrRefusal<T> = { readonly value: T } | { readonly refusal: string };

/** What the cloud refuses is an answer here; an abort, and a fault of ours, is not. */
async function orRefusal<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<OrRefusal<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FarshoreError)) throw error;
    return { refusal: describeError(error) };
  }
}

async function compare(
  copy: VolumeCopy,
  bytes: Readable,
  at: TargetContext,
): Promise<ContentCheck> {
  const last = copy.chain.at(-1);
  const object = last === undefined ? '' : sha256FileName(last.prefix);
  const { objectStore } = at.target;
  // In step with the volume's bytes, which may come slowly, or not for a while.
  const file =
    last === undefined ? null : await inPieces(objectStore, last.container, object, at.signal);
  if (last === undefined || file === null) {
    return unchecked(`${object} is missing`);
  }
  const hashes = readSha256File(file, `${last.container}/${object}`);
  const reader = new BlockReader(bytes);
  const wrong = { blocks: 0, first: -1 };
  let next = await hashes.next();
  for (let block = 0; next.done !== true; block += 1, next = await hashes.next()) {
    at.signal.throwIfAborted();
    const found = await reader.nextHash(next.value.blockBytes);
    if (found === next.value.sha256) continue;
    if (wrong.blocks === 0) wrong.first = block * next.value.blockBytes;
    wrong.blocks += 1;
  }
  await reader.rest();
  if (next.value !== last.sha256FileSha256)
    return unchecked(`${last.container}/${object} is not the one that was recorded`, reader.bytes);
  const expectedBytes = sizeOf(copy) * gib;
  if (reader.bytes !== expectedBytes)
    return mismatch(reader.bytes, `expected ${expectedBytes} bytes, read ${reader.bytes}`);
  if (wrong.blocks > 0)
    return mismatch(reader.bytes, `${wrong.blocks} blocks differ, the first at ${wrong.first}`);
  return { state: 'verified', bytes: reader.bytes, detail: 'every block has its SHA-256' };
}

/** Takes a stream apart into blocks of a given size; the last may be shorter. */
class BlockReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #zeros: Buffer = Buffer.alloc(0);
  #zerosHash = '';
  #bytes = 0;

  constructor(body: Readable) {
    this.#pieces = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** SHA-256 of the next block; of nothing when the stream has ended. Zeros are hashed once. */
  async nextHash(size: number): Promise<string> {
    if (this.#rest.length === 0) await this.#fill();
    const block = this.#rest.subarray(0, size);
    if (block.length === size && this.#isZeros(block)) {
      this.#rest = this.#rest.subarray(size);
      return this.#zerosHash;
    }
    const hash = createHash('sha256');
    for (let missing = size; missing > 0;) {
      if (this.#rest.length === 0 && !(await this.#fill())) break;
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      hash.update(piece);
    }
    return hash.digest('hex');
  }

  /** As long as a piece of the stream at most, whatever the block's size is said to be. */
  #isZeros(block: Buffer): boolean {
    if (this.#zeros.length !== block.length) {
      this.#zeros = Buffer.alloc(block.length);
      this.#zerosHash = createHash('sha256').update(this.#zeros).digest('hex');
    }
    return block.equals(this.#zeros);
  }

  /** Reads to the end, counting. */
  async rest(): Promise<void> {
    while (await this.#fill());
  }

  async #fill(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    this.#bytes += next.value.length;
    return true;
  }
}

function unchecked(detail: string, bytes = 0): ContentCheck {
  return { state: 'unchecked', bytes, detail };
}

function mismatch(bytes: number, detail: string): ContentCheck {
  return { state: 'mismatch', bytes, detail };
}
