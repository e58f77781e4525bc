import type { ServiceClient } from '../http/service-client.ts';
import { call, deleteOne, getOne, listAll } from './calls.ts';
import { parseVolume, parseVolumeType } from './parse.ts';
import { orQuotaError, type Wanted } from './quota.ts';
import type { BlockStorage, NewVolume } from './types.ts';

const volume = { path: '/volumes', key: 'volume' } as const;

type VolumeCalls = Pick<
  BlockStorage,
  'listVolumes' | 'getVolume' | 'createVolume' | 'updateVolume' | 'deleteVolume' | 'listVolumeTypes'
>;

export function createVolumeCalls(client: ServiceClient): VolumeCalls {
  return {
    async *listVolumes({ name, signal } = {}) {
      const query = name === undefined ? {} : { name };
      const rows = listAll(client, { path: '/volumes/detail', key: 'volumes', query }, signal);
      for await (const row of rows) {
        const found = parseVolume(row);
        // A cloud whose resource filters leave `name` out ignores it without a word.
        if (name === undefined || found.name === name) yield found;
      }
    },

    async getVolume(id, signal) {
      const answer = await getOne(client, { ...volume, id }, signal);
      return answer === null ? null : parseVolume(answer);
    },

    async createVolume(wish, signal) {
      try {
        const answer = await call(client, {
          method: 'POST',
          path: '/volumes',
          json: { volume: volumeBody(wish) },
          operation: 'create volume',
          subject: wish.name,
          ok: [202],
          signal,
        });
        return parseVolume(answer.object('volume'));
      } catch (error) {
        throw await orQuotaError(client, error, wantedBy(wish), signal);
      }
    },

    async updateVolume(id, change, signal) {
      await call(client, {
        method: 'PUT',
        path: `/volumes/${encodeURIComponent(id)}`,
        json: { volume: change },
        operation: 'update volume',
        subject: id,
        ok: [200],
        signal,
      });
    },

    deleteVolume: (id, signal) => deleteOne(client, { ...volume, id }, signal),

    async *listVolumeTypes(signal) {
      const list = { path: '/types', key: 'volume_types', byMarker: true };
      for await (const row of listAll(client, list, signal)) yield parseVolumeType(row);
    },
  };
}

function volumeBody(wish: NewVolume): Record<string, unknown> {
  return {
    name: wish.name,
    description: wish.description,
    size: wish.sizeGib,
    volume_type: wish.volumeType,
    availability_zone: wish.availabilityZone,
    metadata: wish.metadata,
  };
}

/** Cinder keeps a quota for all volumes and one for those of each type. */
function wantedBy(wish: NewVolume): Wanted {
  const all = { volumes: 1, gigabytes: wish.sizeGib, per_volume_gigabytes: wish.sizeGib };
  if (wish.volumeType === undefined) return all;
  return {
    ...all,
    [`volumes_${wish.volumeType}`]: 1,
    [`gigabytes_${wish.volumeType}`]: wish.sizeGib,
  };
}
