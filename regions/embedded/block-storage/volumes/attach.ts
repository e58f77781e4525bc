import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { jsonReply } from '../../http/reply.ts';
import { Input, isObject } from '../api/input.ts';
import type { Cinder } from '../cinder.ts';
import type { AttachmentRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import type { Action } from './actions.ts';
import { changeStatus } from './status.ts';

const accepted: Reply = Object.freeze({ status: 202 });

/** The calls by which Nova attached volumes before the attachments API, and by which tests do. */
export const attachActions: Readonly<Record<string, Action>> = {
  'os-reserve': async (cinder, _request, { id }) => {
    await changeStatus(
      cinder,
      id,
      { from: ['available'], to: 'attaching' },
      ({ status }) =>
        new Refusal(
          400,
          `Invalid volume: Volume status must be available to reserve, but the status is ${status}.`,
        ),
    );
    return accepted;
  },

  'os-unreserve': async ({ state }, _request, { id }) => {
    const isAttached = (await attachmentsOf({ state }, id)).length > 0;
    await state.update(state.volumes, id, ({ status }) =>
      status === 'attaching' ? { status: isAttached ? 'in-use' : 'available' } : {},
    );
    return accepted;
  },

  'os-begin_detaching': async (cinder, _request, { id }) => {
    await changeStatus(
      cinder,
      id,
      { from: ['in-use'], to: 'detaching' },
      () =>
        new Refusal(
          400,
          "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.",
        ),
    );
    return accepted;
  },

  'os-roll_detaching': async ({ state }, _request, { id }) => {
    await state.update(state.volumes, id, ({ status }) =>
      status === 'detaching' ? { status: 'in-use' } : {},
    );
    return accepted;
  },

  'os-attach': async (cinder, _request, volume, body) => {
    const allowed = ['instance_uuid', 'mountpoint', 'host_name', 'mode'];
    const wish = new Input('os-attach', body, allowed).require('mountpoint');
    if (!wish.has('instance_uuid') && !wish.has('host_name')) wish.require('instance_uuid');
    const mode = wish.oneOf('mode', ['rw', 'ro']) ?? 'rw';
    if (volume.adminMetadata['readonly'] === 'True' && mode !== 'ro')
      throw new Refusal(400, `Invalid attaching mode '${mode}' for volume ${volume.id}.`);
    await attach(cinder, {
      id: cinder.state.newId(),
      projectId: volume.projectId,
      volumeId: volume.id,
      instanceId: wish.uuid('instance_uuid'),
      host: wish.text('host_name'),
      mountpoint: wish.text('mountpoint'),
      mode,
      status: 'attached',
      connector: null,
      attachedAtMs: cinder.state.now(),
    });
    return accepted;
  },

  'os-detach': async (cinder, _request, { id }, body) => {
    const wish = new Input('os-detach', body ?? {}, ['attachment_id']);
    const wanted = wish.uuid('attachment_id');
    const attachments = await attachmentsOf(cinder, id);
    if (wanted === null && attachments.length > 1)
      throw new Refusal(
        400,
        'Error detaching volume - InvalidVolume: Invalid volume: Detach volume failed: More than one attachment, but no attachment_id provided.',
      );
    await detach(cinder, id, wanted ?? attachments[0]?.id);
    return accepted;
  },

  'os-initialize_connection': async (_cinder, _request, volume, body) => {
    const wish = new Input('os-initialize_connection', body, ['connector']).require('connector');
    if (!isObject(wish.fields['connector']))
      throw new Refusal(400, 'Invalid input received: the connector must be an object');
    return Promise.resolve(jsonReply(202, { connection_info: connectionOf(volume.id) }));
  },

  'os-terminate_connection': (_cinder, _request, _volume, body) => {
    new Input('os-terminate_connection', body, ['connector']).require('connector');
    return Promise.resolve(accepted);
  },
};

/** What a hypervisor would need; nothing here can be reached by one. */
export function connectionOf(volumeId: string): object {
  return {
    driver_volume_type: 'nfs',
    data: { export: 'embedded:/volumes', name: volumeId, format: 'raw', options: null },
  };
}

export function attachmentsOf(
  { state }: Pick<Cinder, 'state'>,
  volumeId: string,
): Promise<AttachmentRecord[]> {
  return all(state.attachments, (attachment) => attachment.volumeId === volumeId);
}

async function attach({ state }: Cinder, attachment: AttachmentRecord): Promise<void> {
  const id = attachment.volumeId;
  await state.exclusive(async () => {
    const volume = await state.volumes.get(id);
    if (volume === undefined) return;
    const isKnown = (await attachmentsOf({ state }, id)).some(
      ({ instanceId, host }) => instanceId === attachment.instanceId && host === attachment.host,
    );
    if (volume.status === 'in-use' && !isKnown)
      throw new Refusal(
        400,
        'Error attaching volume - InvalidVolume: Invalid volume: volume is already attached and multiple attachments are not enabled',
      );
    const change = {
      status: 'in-use',
      attachStatus: 'attached',
      adminMetadata: {
        readonly: 'False',
        ...volume.adminMetadata,
        attached_mode: attachment.mode ?? 'rw',
      },
      updatedAtMs: state.now(),
    };
    await state.commit([
      state.volumes.put(id, { ...volume, ...change }),
      ...(isKnown ? [] : [state.attachments.put(attachment.id, attachment)]),
    ]);
  });
}

/** Takes one attachment away; the last one leaves the volume `available`. */
export async function detach(
  { state }: Cinder,
  volumeId: string,
  attachmentId: string | undefined,
): Promise<void> {
  await state.exclusive(async () => {
    const volume = await state.volumes.get(volumeId);
    if (volume === undefined) return;
    const left = (await attachmentsOf({ state }, volumeId)).filter(({ id }) => id !== attachmentId);
    const isAttached = left.some(({ status }) => status === 'attached');
    const { readonly } = volume.adminMetadata;
    const unattached = readonly === undefined ? {} : { readonly };
    const change = {
      status: left.length === 0 ? 'available' : isAttached ? 'in-use' : 'reserved',
      attachStatus: isAttached ? 'attached' : 'detached',
      adminMetadata: isAttached ? volume.adminMetadata : unattached,
      updatedAtMs: state.now(),
    };
    await state.commit([
      state.volumes.put(volumeId, { ...volume, ...change }),
      ...(attachmentId === undefined ? [] : [state.attachments.del(attachmentId)]),
    ]);
  });
}
