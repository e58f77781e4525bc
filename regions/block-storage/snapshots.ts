import type { ServiceClient } from '../http/service-client.ts';
import { call, deleteOne, getOne, listAll } from './calls.ts';
import { parseSnapshot } from './parse.ts';
import { orQuotaError } from './quota.ts';
import type { BlockStorage } from './types.ts';

const snapshot = { path: '/snapshots', key: 'snapshot' } as const;

type SnapshotCalls = Pick<
  BlockStorage,
  'listSnapshots' | 'getSnapshot' | 'createSnapshot' | 'deleteSnapshot' | 'resetSnapshotStatus'
>;

export function createSnapshotCalls(client: ServiceClient): SnapshotCalls {
  return {
    async *listSnapshots({ volumeId, name, signal } = {}) {
      const query = {
        ...(volumeId === undefined ? {} : { volume_id: volumeId }),
        ...(name === undefined ? {} : { name }),
      };
      const rows = listAll(client, { path: '/snapshots/detail', key: 'snapshots', query }, signal);
      for await (const row of rows) {
        const found = parseSnapshot(row);
        if (name !== undefined && found.name !== name) continue;
        if (volumeId === undefined || found.volumeId === volumeId) yield found;
      }
    },

    async getSnapshot(id, signal) {
      const answer = await getOne(client, { ...snapshot, id }, signal);
      return answer === null ? null : parseSnapshot(answer);
    },

    async createSnapshot(wish, signal) {
      try {
        const answer = await call(client, {
          method: 'POST',
          path: '/snapshots',
          json: {
            snapshot: {
              volume_id: wish.volumeId,
              name: wish.name,
              // Needed below version 3.66 for a volume that is attached; ignored from there on.
              force: true,
              metadata: wish.metadata,
            },
          },
          operation: 'create snapshot',
          subject: wish.name,
          ok: [202],
          signal,
        });
        return parseSnapshot(answer.object('snapshot'));
      } catch (error) {
        throw await orQuotaError(client, error, { snapshots: 1, gigabytes: 1 }, signal);
      }
    },

    async resetSnapshotStatus(id, status, signal) {
      await client.json({
        method: 'POST',
        path: `/snapshots/${encodeURIComponent(id)}/action`,
        json: { 'os-reset_status': { status } },
        operation: 'reset snapshot',
        subject: id,
        ok: [202],
        repeatable: true,
        signal,
      });
    },

    deleteSnapshot: (id, signal) => deleteOne(client, { ...snapshot, id }, signal),
  };
}
