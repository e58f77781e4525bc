import type { JsonResponse, ServiceClient } from '../http/service-client.ts';
import { Answer } from '../answer.ts';
import { getOne } from './calls.ts';
import { parseVolume } from './parse.ts';
import type { BlockStorage } from './types.ts';

type VolumeActions = Pick<
  BlockStorage,
  'resetVolumeStatus' | 'setBootable' | 'setReadOnly' | 'setImageMetadata' | 'uploadToImage'
>;

interface Action {
  readonly name: string;
  readonly body: unknown;
  readonly operation: string;
  readonly ok: readonly number[];
  /** True for those that set a value: setting it twice is the same. */
  readonly repeatable: boolean;
}

export function createVolumeActions(client: ServiceClient): VolumeActions {
  const act = (id: string, action: Action, signal?: AbortSignal): Promise<JsonResponse> =>
    client.json({
      method: 'POST',
      path: `/volumes/${encodeURIComponent(id)}/action`,
      json: { [action.name]: action.body },
      operation: action.operation,
      subject: id,
      ok: action.ok,
      repeatable: action.repeatable,
      signal,
    });
  return {
    async setBootable(id, bootable, signal) {
      const operation = bootable ? 'make volume bootable' : 'make volume not bootable';
      const action = { name: 'os-set_bootable', body: { bootable }, operation };
      await act(id, { ...action, ok: [200], repeatable: true }, signal);
    },

    async setReadOnly(id, readOnly, signal) {
      const operation = readOnly ? 'make volume read-only' : 'make volume writable';
      const action = { name: 'os-update_readonly_flag', body: { readonly: readOnly }, operation };
      await act(id, { ...action, ok: [202], repeatable: true }, signal);
    },

    async setImageMetadata(id, metadata, signal) {
      const answer = await getOne(client, { path: '/volumes', key: 'volume', id }, signal);
      const held = answer === null ? {} : parseVolume(answer).imageMetadata;
      const operation = 'set image metadata of volume';
      if (Object.entries(metadata).some(([key, value]) => held[key] !== value)) {
        const action = { name: 'os-set_image_metadata', body: { metadata }, operation };
        await act(id, { ...action, ok: [200], repeatable: true }, signal);
      }
      for (const key of Object.keys(held).filter((each) => !(each in metadata))) {
        const action = { name: 'os-unset_image_metadata', body: { key }, operation };
        // 404: the key went between the two calls.
        await act(id, { ...action, ok: [200, 404], repeatable: true }, signal);
      }
    },

    async resetVolumeStatus(id, status, signal) {
      const action = { name: 'os-reset_status', body: { status }, operation: 'reset volume' };
      await act(id, { ...action, ok: [202], repeatable: true }, signal);
    },

    async uploadToImage(id, imageName, signal) {
      const operation = 'upload volume to image';
      const body = { image_name: imageName, disk_format: 'raw', container_format: 'bare' };
      const action = { name: 'os-volume_upload_image', body, operation };
      const response = await act(id, { ...action, ok: [202], repeatable: false }, signal);
      const source = { region: client.region, service: client.service, operation };
      return new Answer(response.body, source).object('os-volume_upload_image').string('image_id');
    },
  };
}
