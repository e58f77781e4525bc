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
  const announced = header(call, 'content-length');
  const expectedBytes = announced === undefined ? undefined : Number(announced);
  const { signal } = call;
  const blob = await store.blobs
    .write(call.body, { algorithms: ['md5', 'sha512'], expectedBytes, signal })
    .catch(asRefusal);
  const { id, bytes, digests } = blob;
  if (expectedBytes !== undefined && expectedBytes !== bytes) {
    await store.blobs.remove(id);
    throw badRequest(`The body has ${bytes} bytes of the ${expectedBytes} that were announced.`);
  }
  const [md5 = '', sha512 = ''] = digests;
  return { id, bytes, md5, sha512 };
}

function asRefusal(error: unknown): never {
  if (!(error instanceof DiskFull)) throw error;
  throw tooLarge(
    'Image storage media is full: There is not enough disk space on the image storage media.',
  );
}
