import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { find } from '../api/find.ts';
import { actionOf, Input, noSuchAction } from '../api/input.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { attachActions } from './attach.ts';
import { deleteVolume } from './delete.ts';
import { extend } from './extend.ts';
import { imageMetadataActions } from './image-metadata.ts';
import { resetVolume } from './reset.ts';
import { uploadToImage } from './to-image.ts';
import { typeByNameOrId } from './types.ts';

/** One action on a volume that was found; `body` is what stands below the action's name. */
export type Action = (
  cinder: Cinder,
  request: ApiRequest,
  volume: VolumeRecord,
  body: unknown,
) => Promise<Reply>;

export const accepted: Reply = Object.freeze({ status: 202 });

const actions: Readonly<Record<string, Action>> = {
  'os-set_bootable': async ({ state }, _request, { id }, body) => {
    const bootable = new Input('os-set_bootable', body, ['bootable'])
      .require('bootable')
      .flag('bootable');
    await state.update(state.volumes, id, () => ({ bootable: bootable === true }));
    return { status: 200 };
  },

  'os-update_readonly_flag': async ({ state }, _request, { id, status }, body) => {
    const wish = new Input('os-update_readonly_flag', body, ['readonly']).require('readonly');
    const readonly = wish.flag('readonly') === true ? 'True' : 'False';
    if (status !== 'available')
      throw new Refusal(
        400,
        `Invalid volume: Volume ${id} status must be available to update readonly flag, but current status is: ${status}.`,
      );
    await state.update(state.volumes, id, ({ adminMetadata }) => ({
      adminMetadata: { ...adminMetadata, readonly },
    }));
    return accepted;
  },

  'os-retype': async (cinder, _request, { id, status }, body) => {
    const wish = new Input('os-retype', body, ['new_type', 'migration_policy']).require('new_type');
    const type = await typeByNameOrId(cinder, wish.text('new_type') ?? '');
    if (status !== 'available' && status !== 'in-use')
      throw new Refusal(
        400,
        'Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency group, and requested type has to be different that the one from the volume.',
      );
    await cinder.state.update(cinder.state.volumes, id, () => ({ typeId: type.id }));
    return accepted;
  },

  'os-force_delete': async (cinder, request, { id }) => {
    requireAdmin(request, 'volume_extension:volume_admin_actions:force_delete');
    await deleteVolume(cinder, id, { isCascade: false, isForced: true });
    return accepted;
  },

  'os-extend': extend,
  'os-reset_status': resetVolume,
  'os-volume_upload_image': uploadToImage,
  ...imageMetadataActions,
  ...attachActions,
};

export async function actOnVolume(
  cinder: Cinder,
  request: ApiRequest,
  id: string,
  body: unknown,
): Promise<Reply> {
  const [name, value] = actionOf(body);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw noSuchAction(name);
  return action(cinder, request, await find(request, 'volume', cinder.state.volumes, id), value);
}
