import { FarshoreError } from '../../kernel/errors.ts';
import { Answer } from '../answer.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { call, deleteOne, getOne, listAll } from './calls.ts';
import { parseBackup } from './parse.ts';
import { orQuotaError } from './quota.ts';
import { orRightMissing } from './right-missing.ts';
import type { Backup, BlockStorage } from './types.ts';

const backup = { path: '/backups', key: 'backup' } as const;

type BackupCalls = Pick<
  BlockStorage,
  | 'listBackups'
  | 'getBackup'
  | 'createBackup'
  | 'restoreBackup'
  | 'deleteBackup'
  | 'forceDeleteBackup'
  | 'isBackupServiceUp'
>;

export function createBackupCalls(client: ServiceClient): BackupCalls {
  const getBackup = async (id: string, signal?: AbortSignal): Promise<Backup | null> => {
    const answer = await getOne(client, { ...backup, id }, signal);
    return answer === null ? null : parseBackup(answer);
  };
  return {
    async *listBackups({ volumeId, name, status, signal } = {}) {
      const query = {
        ...(status === undefined ? {} : { status }),
        ...(volumeId === undefined ? {} : { volume_id: volumeId }),
        ...(name === undefined ? {} : { name }),
      };
      const rows = listAll(client, { path: '/backups/detail', key: 'backups', query }, signal);
      for await (const row of rows) {
        const found = parseBackup(row);
        if (name !== undefined && found.name !== name) continue;
        if (status !== undefined && found.status !== status) continue;
        if (volumeId === undefined || found.volumeId === volumeId) yield found;
      }
    },

    getBackup,

    isBackupServiceUp: (signal) => isServiceUp(client, signal),

    async createBackup(wish, signal) {
      try {
        const answer = await call(client, {
          method: 'POST',
          path: '/backups',
          json: {
            backup: {
              volume_id: wish.volumeId,
              snapshot_id: wish.snapshotId,
              name: wish.name,
              description: wish.description,
              incremental: wish.incremental,
              force: wish.force,
              container: wish.container,
            },
          },
          operation: 'create backup',
          subject: wish.name,
          ok: [202],
          signal,
        });
        // The answer holds only id and name.
        const id = answer.object('backup').string('id');
        return (await getBackup(id, signal)) ?? gone(id);
      } catch (error) {
        // The volume's size is not known here: that a gigabyte is wanted names the quota that is full.
        throw await orQuotaError(client, error, { backups: 1, backup_gigabytes: 1 }, signal);
      }
    },

    async restoreBackup(id, volumeId, signal) {
      await call(client, {
        method: 'POST',
        path: `/backups/${encodeURIComponent(id)}/restore`,
        json: { restore: { volume_id: volumeId } },
        operation: 'restore backup',
        subject: id,
        ok: [202],
        signal,
      });
    },

    deleteBackup: (id, signal) => deleteOne(client, { ...backup, id }, signal),

    forceDeleteBackup: (id, signal) => forceDelete(client, id, signal),
  };
}

function gone(id: string): never {
  throw new FarshoreError('it was accepted and is gone already', {
    code: 'region.vanished',
    kind: 'permanent',
    operation: 'create backup',
    subject: id,
  });
}

async function forceDelete(
  client: ServiceClient,
  id: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const { status } = await client.json({
      method: 'POST',
      path: `/backups/${encodeURIComponent(id)}/action`,
      json: { 'os-force_delete': {} },
      operation: 'force deletion of backup',
      subject: id,
      ok: [202, 404],
      repeatable: true,
      signal,
    });
    return status === 202;
  } catch (error) {
    throw orRightMissing(error, 'volume_extension:backup_admin_actions:force_delete');
  }
}

async function isServiceUp(client: ServiceClient, signal?: AbortSignal): Promise<boolean | null> {
  const operation = 'list services';
  const { status, body } = await client.json({
    method: 'GET',
    path: '/os-services',
    query: { binary: 'cinder-backup' },
    operation,
    ok: [200, 403],
    signal,
  });
  if (status === 403) return null;
  const { region, service } = client;
  return new Answer(body, { region, service, operation })
    .objects('services')
    .some((each) => each.string('state') === 'up' && each.string('status') === 'enabled');
}
