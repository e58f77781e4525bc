import { Readable } from 'node:stream';
import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { Input } from '../api/input.ts';
import { shownTime } from '../api/python.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { glance, glanceFields, imagePropertiesOf } from './image.ts';
import { isZero } from '../../store/zeros.ts';
import { changeStatus } from './status.ts';

const formats = ['raw', 'vmdk', 'vdi', 'qcow2', 'vhd', 'vhdx', 'ploop'];
/** Of a disk on its way into an image: several such are held at once. */
const sentBytes = 1 << 22;
const visibilities = ['community', 'public', 'private', 'shared'];

/** `os-volume_upload_image`: makes the image, then streams the disk into it (`uploading` meanwhile). */
export async function uploadToImage(
  cinder: Cinder,
  request: ApiRequest,
  volume: VolumeRecord,
  body: unknown,
): Promise<Reply> {
  const wish = wishOf(request, body);
  const from = wish.isForced ? ['available', 'in-use'] : ['available'];
  await changeStatus(
    cinder,
    volume.id,
    { from, to: 'uploading' },
    () =>
      new Refusal(400, `Invalid volume: Volume ${volume.id} status must be ${from.join(' or ')}`),
  );
  const image = await glanceFields(
    cinder,
    {
      method: 'POST',
      path: '/v2/images',
      token: request.requester.token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...imagePropertiesOf(volume.imageMetadata), ...wish.fields }),
    },
    request.call.signal,
  );
  const imageId = image?.['id'];
  if (image === undefined || typeof imageId !== 'string') {
    await settle(cinder, volume.id, volume.status);
    throw new Refusal(400, 'the image could not be created');
  }
  cinder.jobs.start(volume.id, () =>
    upload(cinder, request.requester.token, volume, imageId, wish.fields.disk_format),
  );
  return jsonReply(202, {
    'os-volume_upload_image': {
      id: volume.id,
      updated_at: shownTime(volume.updatedAtMs),
      status: 'uploading',
      display_description: volume.description,
      size: volume.sizeGib,
      volume_type: null,
      image_id: imageId,
      container_format: wish.fields.container_format,
      disk_format: wish.fields.disk_format,
      image_name: wish.fields.name,
      protected: image['protected'],
      visibility: image['visibility'],
    },
  });
}

function wishOf(
  request: ApiRequest,
  body: unknown,
): {
  readonly isForced: boolean;
  readonly fields: {
    readonly name: string | null;
    readonly disk_format: string;
    readonly container_format: string;
    readonly visibility: string;
    readonly protected: boolean;
  };
} {
  const isOld = request.minor < 1;
  const allowed = ['image_name', 'force', 'disk_format', 'container_format'];
  const wish = new Input('os-volume_upload_image', body, [
    ...allowed,
    ...(isOld ? [] : ['visibility', 'protected']),
  ]).require('image_name');
  const visibility = wish.oneOf('visibility', visibilities) ?? (isOld ? 'shared' : 'private');
  if (visibility === 'public' && !request.isAdmin)
    throw new Refusal(
      403,
      "Policy doesn't allow volume_extension:volume_actions:upload_public to be performed.",
    );
  return {
    isForced: wish.flag('force') === true,
    fields: {
      name: wish.text('image_name'),
      disk_format: wish.oneOf('disk_format', formats) ?? 'raw',
      container_format: wish.text('container_format') ?? 'bare',
      visibility,
      protected: wish.flag('protected') === true,
    },
  };
}

/** An image that could not be filled is removed, as cinder-volume does. */
async function upload(
  cinder: Cinder,
  token: string,
  volume: VolumeRecord,
  imageId: string,
  diskFormat: string,
): Promise<void> {
  const { jobs } = cinder;
  const path = `/v2/images/${imageId}`;
  const isDone = diskFormat === 'raw' && (await isSent(cinder, token, volume.id, `${path}/file`));
  if (jobs.signal.aborted) return;
  if (!isDone) {
    cinder.ambient.log.warn('volume not uploaded', { volume: volume.id, image: imageId });
    (await glance(cinder, { method: 'DELETE', path, token }, jobs.signal)).body.destroy();
  }
  await settle(cinder, volume.id, volume.status);
}

async function isSent(cinder: Cinder, token: string, id: string, path: string): Promise<boolean> {
  const { disks, jobs } = cinder;
  await using disk = await disks.use(id);
  const body = Readable.from(copies(disk.pieces(jobs.signal, sentBytes)), { highWaterMark: 1 });
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(disk.sizeBytes),
  };
  try {
    const request = { method: 'PUT', path, token, headers, body };
    const reply = await glance(cinder, request, jobs.signal);
    reply.body.destroy();
    return reply.status === 204;
  } catch (error) {
    cinder.ambient.log.warn('volume not uploaded', { volume: id, error: String(error) });
    return false;
  } finally {
    body.destroy();
  }
}

/** A stream may hold a piece longer than until the next is read; zeros are all the same ones. */
async function* copies(
  pieces: AsyncIterable<{ readonly data: Buffer }>,
): AsyncGenerator<Buffer, void, undefined> {
  let zeros = Buffer.alloc(0);
  for await (const { data } of pieces) {
    const isPlain = isZero(data);
    if (isPlain && zeros.length !== data.length) zeros = Buffer.alloc(data.length);
    yield isPlain ? zeros : Buffer.from(data);
  }
}

async function settle({ state }: Cinder, id: string, status: string): Promise<void> {
  await state.update(state.volumes, id, () => ({ status, previousStatus: null }));
}
