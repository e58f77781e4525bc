import { createHash } from 'node:crypto';
import { type Call, header } from '../../http/call.ts';
import { DiskFull } from '../../store/disk-full.ts';
import type { StoredData } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { mediaTypeOf } from '../image-request.ts';
import { badRequest, tooLarge, unsupportedMedia } from '../replies/image-refusal.ts';

/** Throws a refusal of 415. */
export function requireOctets(call: Call): void {
  const mediaType = mediaTypeOf(call);
  if (mediaType !== 'application/octet-stream') throw unsupportedMedia(mediaType);
}

/** The body in the store, its digests computed on the way. What fails leaves nothing. */
export async function receive(call: Call, store: ImageStore): Promise<StoredData> {
  const md5 = createHash('md5');
  const sha512 = createHash('sha512');
  const blob = await store.blobs.write(call.body, [md5, sha512], call.signal).catch(asRefusal);
  const announced = header(call, 'content-length');
  if (announced !== undefined && Number(announced) !== blob.bytes) {
    await store.blobs.remove(blob.id);
    throw badRequest(`The body has ${blob.bytes} bytes of the ${announced} that were announced.`);
  }
  return { ...blob, md5: md5.digest('hex'), sha512: sha512.digest('hex') };
}

function asRefusal(error: unknown): never {
  if (!(error instanceof DiskFull)) throw error;
  throw tooLarge(
    'Image storage media is full: There is not enough disk space on the image storage media.',
  );
}
