import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import { Input } from '../api/input.ts';
import type { Action } from './actions.ts';
import { without } from './metadata.ts';

/** What a bootable volume remembers of its image. */
export const imageMetadataActions: Readonly<Record<string, Action>> = {
  'os-set_image_metadata': async ({ state }, _request, volume, body) => {
    const wish = new Input('os-set_image_metadata', body, ['metadata']).require('metadata');
    const metadata = wish.strings('metadata') ?? {};
    const changed = await state.update(state.volumes, volume.id, ({ imageMetadata }) => ({
      imageMetadata: { ...imageMetadata, ...metadata },
    }));
    return jsonReply(200, { metadata: changed?.imageMetadata ?? {} });
  },

  'os-show_image_metadata': (_cinder, _request, volume) =>
    Promise.resolve(jsonReply(200, { metadata: volume.imageMetadata })),

  'os-unset_image_metadata': async ({ state }, _request, volume, body) => {
    const key =
      new Input('os-unset_image_metadata', body, ['key']).require('key').text('key') ?? '';
    if (!Object.hasOwn(volume.imageMetadata, key))
      throw new Refusal(404, `Glance metadata for volume/snapshot ${volume.id} cannot be found.`);
    await state.update(state.volumes, volume.id, ({ imageMetadata }) => ({
      imageMetadata: without(imageMetadata, key),
    }));
    return { status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' } };
  },
};
