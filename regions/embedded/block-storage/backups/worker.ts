import type { Cinder } from '../cinder.ts';
import type { BackupRecord } from '../state/records.ts';
import { all } from '../state/state.ts';

const lookEveryMs = 20;

/**
 * Resolves once cinder-backup is up and goes on with this; false when the backup is no longer in that
 * status: it was deleted by force, which also ends work that hangs.
 */
export async function worksOn(
  { faults, ambient, jobs, state }: Cinder,
  id: string,
  status: string,
): Promise<boolean> {
  for (;;) {
    jobs.signal.throwIfAborted();
    if ((await state.backups.get(id))?.status !== status) return false;
    if (faults.conditions.backupService === 'up') return true;
    await ambient.clock.sleep(lookEveryMs, jobs.signal);
  }
}

/**
 * With the NFS driver a backup of a volume that has another snapshot never ends, and no error is seen
 * (Zed): its thread waits for a lock on the overlay file. Resolves when it is deleted by force.
 */
export async function hangsForEver(cinder: Cinder, backup: BackupRecord): Promise<boolean> {
  const { faults, ambient, jobs, state } = cinder;
  if (faults.conditions.volumeStorage !== 'file') return false;
  const others = await all(
    state.snapshots,
    ({ volumeId, id }) => volumeId === backup.volumeId && id !== backup.snapshotId,
  );
  if (others.length === 0) return false;
  while ((await state.backups.get(backup.id))?.status === 'creating')
    await ambient.clock.sleep(lookEveryMs, jobs.signal);
  return true;
}
