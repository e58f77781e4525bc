import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { adminActions } from '../admin/actions.ts';
import { find, notFound } from '../api/find.ts';
import { input } from '../api/input.ts';
import { listReply } from '../api/listing.ts';
import { type ApiRequest, requireAdmin, requireMinor } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { BackupRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import { createBackup } from './create.ts';
import { deleteBackup } from './delete.ts';
import { exportRecord, importRecord } from './record.ts';
import { restoreBackup } from './restore.ts';
import { backupDetail, backupSummary } from './view.ts';

export function backupRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  const get = (request: ApiRequest, id = ''): Promise<BackupRecord> =>
    find(request, 'backup', state.backups, id);
  const list = async (request: ApiRequest, isDetailed: boolean): Promise<Reply> =>
    listReply(request, {
      key: 'backups',
      path: isDetailed ? 'backups/detail' : 'backups',
      rows: await all(state.backups),
      fields: backupFields,
      notFound: notFound.backup,
      view: (each) => (isDetailed ? backupDetail(request, each) : backupSummary(request, each)),
    });
  return {
    'GET /backups': (request) => list(request, false),
    'GET /backups/detail': (request) => list(request, true),
    'POST /backups': async (request) => {
      const backup = await createBackup(cinder, request, await request.json());
      return jsonReply(202, { backup: backupSummary(request, backup) });
    },
    'POST /backups/import_record': async (request) => {
      const backup = await importRecord(cinder, request, await request.json());
      return jsonReply(201, { backup: backupSummary(request, backup) });
    },
    'GET /backups/:': async (request, id) =>
      jsonReply(200, { backup: backupDetail(request, await get(request, id)) }),
    'PUT /backups/:': async (request, id = '') => {
      requireMinor(request, 9);
      const change = updateOf(request, await request.json());
      await get(request, id);
      const backup = await state.update(state.backups, id, () => change);
      if (backup === undefined) throw notFound.backup(id);
      return jsonReply(200, { backup: backupSummary(request, backup) });
    },
    'DELETE /backups/:': async (request, id) => {
      await deleteBackup(cinder, request, await get(request, id), false);
      return { status: 202 };
    },
    'POST /backups/:/restore': async (request, id) => {
      const wish = input(await request.json(), 'restore', ['name', 'volume_id']);
      const target = { volumeId: wish.uuid('volume_id'), name: wish.text('name') };
      const volume = await restoreBackup(cinder, request, await get(request, id), target);
      const answer = { backup_id: id, volume_id: volume.id, volume_name: volume.name };
      return jsonReply(202, { restore: answer });
    },
    'GET /backups/:/export_record': async (request, id) => {
      const backup = await get(request, id);
      requireAdmin(request, 'backup:export-import');
      return jsonReply(200, { 'backup-record': exportRecord(backup) });
    },
    ...adminActions(cinder, {
      kind: 'backup',
      table: state.backups,
      statuses: ['available', 'error'],
      brackets: '[]',
      label: 'Backup status',
      forceDelete: (request, backup) => deleteBackup(cinder, request, backup, true),
    }),
  };
}

const backupFields = {
  name: (backup: BackupRecord) => backup.name,
  status: (backup: BackupRecord) => backup.status,
  volume_id: (backup: BackupRecord) => backup.volumeId,
  size: (backup: BackupRecord) => backup.sizeGib,
  updated_at: (backup: BackupRecord) => backup.updatedAtMs,
  user_id: (backup: BackupRecord) => backup.userId,
};

function updateOf(request: ApiRequest, body: unknown): Partial<BackupRecord> {
  const allowed = ['name', 'description', ...(request.minor >= 43 ? ['metadata'] : [])];
  const wish = input(body, 'backup', allowed);
  if (!allowed.some((key) => wish.has(key)))
    throw new Refusal(400, 'Invalid input received: nothing to update');
  const metadata = wish.strings('metadata');
  return {
    ...(wish.has('name') ? { name: wish.text('name') } : {}),
    ...(wish.has('description') ? { description: wish.description('description') } : {}),
    ...(metadata === null ? {} : { metadata }),
  };
}
