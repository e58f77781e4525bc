import { forget } from './backups/delete.ts';
import type { Cinder } from './cinder.ts';
import type { BackupRecord } from './state/records.ts';
import { all } from './state/state.ts';
import { startDeletion } from './volumes/delete.ts';

/**
 * Settles what the last process left under way, as cinder-volume and cinder-backup do when they start:
 * a backup under way is `error`, one being restored `available` again and its volume
 * `error_restoring`. Nobody's token is at hand for Swift, so that a deletion of a backup ends with its
 * record, its objects left. A snapshot that was being backed up stays `backing-up` until it is reset.
 */
export async function cleanUp(cinder: Cinder): Promise<void> {
  const { state, disks } = cinder;
  for (const backup of await all(state.backups)) await settleBackup(cinder, backup);
  for (const { id, status, attachStatus, previousStatus } of await all(state.volumes)) {
    const settled = {
      creating: 'error',
      downloading: 'error',
      uploading: attachStatus === 'attached' ? 'in-use' : 'available',
      extending: 'error_extending',
      'backing-up': previousStatus ?? 'available',
      'restoring-backup': 'error_restoring',
    }[status];
    if (settled !== undefined) await state.update(state.volumes, id, () => ({ status: settled }));
    if (status === 'deleting') startDeletion(cinder, id);
  }
  for (const { id, status } of await all(state.snapshots)) {
    if (status === 'creating') await state.update(state.snapshots, id, () => ({ status: 'error' }));
    if (status === 'deleting') await state.commit([state.snapshots.del(id)]);
  }
  await disks.sweep(
    async (id) =>
      (await state.volumes.get(id)) !== undefined || (await state.snapshots.get(id)) !== undefined,
  );
}

async function settleBackup(cinder: Cinder, { id, status }: BackupRecord): Promise<void> {
  const { backups } = cinder.state;
  if (status === 'deleting') await forget(cinder, id);
  if (status === 'restoring')
    await cinder.state.update(backups, id, () => ({ status: 'available' }));
  if (status === 'creating')
    await cinder.state.update(backups, id, () => ({
      status: 'error',
      failReason: 'incomplete backup reset on manager restart',
    }));
}
