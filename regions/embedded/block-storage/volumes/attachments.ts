import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import { find, notFound } from '../api/find.ts';
import { actionOf, input, isObject, noSuchAction } from '../api/input.ts';
import { shownTime } from '../api/python.ts';
import { type ApiRequest, requireMinor } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { AttachmentRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import { attachmentsOf, connectionOf, detach } from './attach.ts';

const attachmentsMinor = 27;

/** The attachments API (3.27): reserved → attaching (a connector is known) → attached (completed). */
export function attachmentRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  const get = (request: ApiRequest, id = ''): Promise<AttachmentRecord> => {
    requireMinor(request, attachmentsMinor);
    return find(request, 'attachment', state.attachments, id);
  };
  const list = async (request: ApiRequest, view: (each: AttachmentRecord) => object) => {
    requireMinor(request, attachmentsMinor);
    const volumeId = request.call.query.get('volume_id');
    const found = await all(
      state.attachments,
      (each) =>
        each.projectId === request.projectId && (volumeId ?? each.volumeId) === each.volumeId,
    );
    return jsonReply(200, { attachments: found.map(view) });
  };
  return {
    'GET /attachments': (request) => list(request, summary),
    'GET /attachments/detail': (request) => list(request, detail),
    'GET /attachments/:': async (request, id) =>
      jsonReply(200, { attachment: detail(await get(request, id)) }),
    'POST /attachments': async (request) => {
      requireMinor(request, attachmentsMinor);
      const attachment = await reserve(cinder, request, await request.json());
      return jsonReply(200, { attachment: detail(attachment) });
    },
    'PUT /attachments/:': async (request, id) => {
      const { connector } = input(await request.json(), 'attachment').require('connector').fields;
      const found = await get(request, id);
      const changed = await connect(cinder, found, connector);
      return jsonReply(200, { attachment: detail(changed) });
    },
    'DELETE /attachments/:': async (request, id) => {
      const attachment = await get(request, id);
      await detach(cinder, attachment.volumeId, attachment.id);
      const left = await attachmentsOf(cinder, attachment.volumeId);
      return jsonReply(200, { attachments: left.map(summary) });
    },
    'POST /attachments/:/action': async (request, id) => {
      requireMinor(request, 44);
      const [name] = actionOf(await request.json());
      if (name !== 'os-complete') throw noSuchAction(name);
      await complete(cinder, await get(request, id));
      return { status: 204 };
    },
  };
}

async function reserve(
  cinder: Cinder,
  request: ApiRequest,
  body: unknown,
): Promise<AttachmentRecord> {
  const { state } = cinder;
  const wish = input(body, 'attachment').require('volume_uuid');
  const instanceId = wish.uuid('instance_uuid');
  const { id } = await find(request, 'volume', state.volumes, wish.uuid('volume_uuid') ?? '');
  const attachment: AttachmentRecord = {
    id: state.newId(),
    projectId: request.projectId,
    volumeId: id,
    instanceId,
    host: null,
    mountpoint: null,
    mode: request.minor >= 54 ? (wish.oneOf('mode', ['rw', 'ro']) ?? 'null') : 'null',
    status: 'reserved',
    connector: null,
    attachedAtMs: null,
  };
  await state.exclusive(async () => {
    const volume = await state.volumes.get(id);
    if (volume === undefined) throw notFound.volume(id);
    requireReservable(volume.id, volume.status);
    await state.commit([
      state.volumes.put(id, { ...volume, status: 'reserved', updatedAtMs: state.now() }),
      state.attachments.put(attachment.id, attachment),
    ]);
  });
  const { connector } = wish.fields;
  return connector === undefined || connector === null
    ? attachment
    : connect(cinder, attachment, connector);
}

function requireReservable(id: string, status: string): void {
  if (status.includes('error'))
    throw new Refusal(
      400,
      `Invalid volume: Volume attachments can not be created if the volume is in an error state. The Volume ${id} currently has a status of: ${status} `,
    );
  if (status !== 'available' && status !== 'downloading')
    throw new Refusal(
      400,
      `Invalid volume: Volume ${id} status must be available or downloading to reserve, but the current status is ${status}.`,
    );
}

/** The host that will use it is known now. */
async function connect(
  { state }: Cinder,
  attachment: AttachmentRecord,
  connector: unknown,
): Promise<AttachmentRecord> {
  if (!isObject(connector))
    throw new Refusal(400, 'Invalid input received: connector must be an object');
  const text = (key: string): string | null =>
    typeof connector[key] === 'string' ? connector[key] : null;
  const changed: AttachmentRecord = {
    ...attachment,
    connector,
    host: text('host'),
    mountpoint: text('mountpoint'),
    mode: text('mode') ?? 'rw',
    status: 'attaching',
    attachedAtMs: state.now(),
  };
  await state.exclusive(async () => {
    const volume = await state.volumes.get(attachment.volumeId);
    if (volume === undefined) throw notFound.volume(attachment.volumeId);
    await state.commit([
      state.attachments.put(changed.id, changed),
      state.volumes.put(volume.id, { ...volume, status: 'attaching', updatedAtMs: state.now() }),
    ]);
  });
  return changed;
}

async function complete({ state }: Cinder, attachment: AttachmentRecord): Promise<void> {
  await state.exclusive(async () => {
    const volume = await state.volumes.get(attachment.volumeId);
    if (volume === undefined) throw notFound.volume(attachment.volumeId);
    const change = { status: 'in-use', attachStatus: 'attached', updatedAtMs: state.now() };
    await state.commit([
      state.attachments.put(attachment.id, { ...attachment, status: 'attached' }),
      state.volumes.put(volume.id, { ...volume, ...change }),
    ]);
  });
}

function summary({ id, status, instanceId, volumeId }: AttachmentRecord): object {
  return { id, status, instance: instanceId, volume_id: volumeId };
}

function detail(attachment: AttachmentRecord): object {
  return {
    ...summary(attachment),
    attached_at: shownTime(attachment.attachedAtMs) ?? '',
    detached_at: '',
    attach_mode: attachment.mode,
    connection_info: attachment.connector === null ? {} : connectionOf(attachment.volumeId),
  };
}
