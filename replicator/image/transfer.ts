import { pipeline } from 'node:stream/promises';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Image, ImageService } from '../../regions/image/types.ts';
import { isSameContent, type Content } from './content.ts';
import { HashingStream } from './hashing-stream.ts';

export interface Transfer {
  readonly from: ImageService;
  /** Active, with its size and hashes. */
  readonly source: Image;
  readonly content: Content;
  readonly to: ImageService;
  /** Id of a `queued` image. */
  readonly into: string;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Streams an image's data from one Glance into a queued image of another, hashing on the way with the
 * one algorithm that is compared, and gives the image as the other Glance then reports it.
 *
 * Three statements must agree: the source's recorded hash and our own (else the upload is broken off
 * before its last piece), then the target's own. A target that agrees with neither is deleted and
 * `image.content-altered` thrown. Killed in the middle, or with the answer lost: the target is `queued`
 * or `active`, and the next run looks at which.
 */
export async function transferData(transfer: Transfer): Promise<Image> {
  const { from, source, content, to, into, signal } = transfer;
  const sizeBytes = source.sizeBytes ?? 0;
  const hashing = new HashingStream(
    { ...content, sizeBytes, operation: 'ship image', subject: source.id },
    { onBytes: transfer.onBytes },
  );
  const data = await from.download(source.id, signal);
  const broken = pipeline(data, hashing).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    await to.upload(into, hashing, sizeBytes, signal);
  } catch (uploadFailed) {
    hashing.destroy();
    // What broke the stream is the reason; the upload only saw that its body ended in an error.
    const reason = await broken;
    if (!(reason instanceof FarshoreError)) throw uploadFailed;
    if (reason.code === 'image.content-altered') await to.delete(into, signal);
    throw reason;
  }
  const made = await to.get(into, signal);
  if (made?.status !== 'active') throw notActive(into, made);
  if (isSameContent(made, source)) return made;
  await to.delete(into, signal);
  throw altered(source, made);
}

function altered(source: Image, made: Image): FarshoreError {
  const text = (image: Image): string =>
    `${image.sizeBytes ?? 0} bytes, ${image.hashAlgo ?? 'md5'} ${image.hashValue ?? image.checksum ?? '-'}`;
  return new FarshoreError(
    `the data arrived altered: ${text(made)} in the target, ${text(source)} in the source; the copy was deleted`,
    {
      code: 'image.content-altered',
      kind: 'permanent',
      operation: 'ship image',
      subject: source.id,
      hint: "check the image store of the target region; if the target's Glance uses another hash algorithm, both must report an MD5 checksum",
    },
  );
}

function notActive(id: string, made: Image | null): FarshoreError {
  return new FarshoreError(
    made === null
      ? 'the image vanished after its upload'
      : `the image is ${made.status} after its upload`,
    {
      code: 'image.upload-lost',
      kind: 'transient',
      operation: 'ship image',
      subject: id,
      hint: 'it is uploaded again; should that go on, look into the log of glance-api for the id',
    },
  );
}
