import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { glance, type Image } from './image.ts';

/** Formats whose bytes are the disk's own; others would need a converter, which is not there. */
const plainFormats = ['raw', 'iso', 'ami', 'ari', 'aki'];

/** Streams the image's bytes into the volume's disk (`downloading` meanwhile). */
export async function fillFromImage(
  cinder: Cinder,
  request: ApiRequest,
  volume: VolumeRecord,
  image: Image,
): Promise<void> {
  const { state, disks, jobs } = cinder;
  if (!plainFormats.includes(image.diskFormat))
    throw new Error(`an image in format ${image.diskFormat} cannot be converted`);
  await state.update(state.volumes, volume.id, () => ({ status: 'downloading' }));
  await disks.create(volume.id, volume.sizeGib);
  const path = `/v2/images/${image.id}/file`;
  const { token } = request.requester;
  const { status, body } = await glance(cinder, { method: 'GET', path, token }, jobs.signal);
  if (status !== 200) {
    body.destroy();
    throw new Error(`Glance answered ${status}`);
  }
  await using disk = await disks.use(volume.id);
  let position = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    jobs.signal.throwIfAborted();
    await disk.writeOverZeros(position, piece);
    position += piece.length;
  }
}
