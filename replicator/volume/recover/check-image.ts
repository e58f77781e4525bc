import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Image } from '../../../regions/image/types.ts';
import type { RegionContext } from '../../mover.ts';
import { settled } from './scratch-volume.ts';

/**
 * The volume's bytes as an image of this name, whole; its id. Killed while Cinder uploads: the volume
 * is `uploading`, and the image that comes of it is found by its name and used.
 */
export async function uploadedImage(
  volumeId: string,
  name: string,
  at: RegionContext,
  ambient: Ambient,
): Promise<string> {
  const { images } = at.target;
  await settled(volumeId, at, ambient);
  const found = await findImages(name, at);
  const ready = found.find((image) => image.status === 'active');
  if (ready !== undefined) return ready.id;
  for (const { id } of found) await images.delete(id, at.signal);
  const id = await at.target.blockStorage.uploadToImage(volumeId, name, at.signal);
  await settled(volumeId, at, ambient);
  const image = await images.get(id, at.signal);
  if (image?.status === 'active') return id;
  throw new FarshoreError(`the image is ${image?.status ?? 'gone'} after the upload`, {
    code: 'volume.upload-failed',
    kind: 'transient',
    operation: 'upload volume to image',
    subject: volumeId,
    hint: 'see the logs of cinder-volume and glance-api in the target region',
  });
}

/** Deletes every image of this name; its volume must be let go by Cinder first. */
export async function removeImages(name: string, at: RegionContext): Promise<void> {
  for (const { id } of await findImages(name, at)) await at.target.images.delete(id, at.signal);
}

async function findImages(name: string, at: RegionContext): Promise<readonly Image[]> {
  const found: Image[] = [];
  for await (const image of at.target.images.list({ name, signal: at.signal }))
    if (image.name === name) found.push(image);
  return found;
}
