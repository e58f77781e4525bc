import { DiskFull } from '../../store/disk-full.ts';
import { type Cinder, swiftDriver, zone } from '../cinder.ts';
import type { BackupRecord } from '../state/records.ts';
import { type BlockHashes, prefixOf, readBlockHashes } from '../swift-driver/layout.ts';
import { BackupFailure, SwiftAccount } from '../swift-driver/swift.ts';
import { volumeMetaOf } from '../swift-driver/volume-meta.ts';
import { writeBackup } from '../swift-driver/write.ts';
import { removeObjects } from './delete.ts';
import { hangsForEver, worksOn } from './worker.ts';

/** cinder-backup's part: writes the objects, then settles the backup and what it was taken from. */
export async function runBackup(cinder: Cinder, token: string, id: string): Promise<void> {
  const { state, jobs } = cinder;
  const backup = await state.update(state.backups, id, () => ({ service: swiftDriver }));
  if (backup?.status !== 'creating') return release(cinder, backup);
  try {
    // Nobody gives the snapshot back then: it stays `backing-up`.
    if (!(await worksOn(cinder, id, 'creating')) || (await hangsForEver(cinder, backup))) return;
    const objectCount = await write(cinder, token, backup);
    await release(cinder, backup);
    if (objectCount !== null) await finish(cinder, id, objectCount);
  } catch (error) {
    if (jobs.signal.aborted) throw error;
    const failReason = reasonOf(error);
    cinder.ambient.log.warn('backup failed', { backup: id, reason: failReason });
    await release(cinder, backup, 'error_backing-up');
    await state.update(state.backups, id, () => ({ status: 'error', failReason }));
  }
}

/** Null when the backup was deleted meanwhile; its objects are gone then. */
async function write(cinder: Cinder, token: string, backup: BackupRecord): Promise<number | null> {
  const { state, jobs, disks, backupSettings: settings } = cinder;
  const { id, volumeId, projectId, snapshotId } = backup;
  const swift = new SwiftAccount(cinder.objectStore, token, projectId, jobs.signal);
  const parent = await parentHashes(cinder, swift, backup);
  const container = backup.container ?? settings.container;
  await swift.ensure(container);
  const serviceMetadata = prefixOf(volumeId, id, zone, state.now());
  await state.update(state.backups, id, () => ({ container, serviceMetadata }));
  await using disk = await disks.use(snapshotId ?? volumeId);
  const whole = { ...backup, container, serviceMetadata };
  const objectCount = await writeBackup({
    backup: whole,
    disk,
    settings,
    swift,
    parent,
    memory: cinder.chunkMemory,
    isWanted: () => worksOn(cinder, id, 'creating'),
    volumeMeta: async () => {
      const volume = await state.volumes.get(volumeId);
      if (volume === undefined) throw new BackupFailure(`Volume ${volumeId} could not be found.`);
      return volumeMetaOf(cinder, volume);
    },
  });
  if (objectCount === null) await removeObjects(swift, whole);
  return objectCount;
}

async function parentHashes(
  { state, backupSettings: { blockBytes } }: Cinder,
  swift: SwiftAccount,
  backup: BackupRecord,
): Promise<BlockHashes | null> {
  if (backup.parentId === null) return null;
  const parent = await state.backups.get(backup.parentId);
  if (parent?.container == null || parent.serviceMetadata === null)
    throw new BackupFailure(`Backup ${backup.parentId} could not be found.`);
  const hashes = await readBlockHashes(swift, parent.container, parent.serviceMetadata);
  if (hashes.blockBytes !== blockBytes)
    throw new BackupFailure(
      `Invalid backup: Hash block size has changed since the last backup. New hash block size: ${blockBytes}. Old hash block size: ${hashes.blockBytes}. Do a full backup.`,
    );
  if (backup.sizeGib > parent.sizeGib)
    throw new BackupFailure(
      'Invalid backup: Volume size increased since the last backup. Do a full backup.',
    );
  return hashes;
}

/** The volume is as it was before, or the snapshot available again. */
async function release(
  { state }: Cinder,
  backup: BackupRecord | undefined,
  nowPrevious = 'backing-up',
): Promise<void> {
  if (backup === undefined) return;
  if (backup.snapshotId !== null) {
    await state.update(state.snapshots, backup.snapshotId, () => ({ status: 'available' }));
    return;
  }
  await state.update(state.volumes, backup.volumeId, ({ previousStatus }) => ({
    status: previousStatus ?? 'available',
    previousStatus: nowPrevious,
  }));
}

async function finish({ state }: Cinder, id: string, objectCount: number): Promise<void> {
  await state.exclusive(async () => {
    const backup = await state.backups.get(id);
    if (backup?.status !== 'creating') return;
    const parent = backup.parentId === null ? undefined : await state.backups.get(backup.parentId);
    const updatedAtMs = state.now();
    await state.commit([
      state.backups.put(id, { ...backup, status: 'available', objectCount, updatedAtMs }),
      ...(parent === undefined
        ? []
        : [
            state.backups.put(parent.id, {
              ...parent,
              dependents: parent.dependents + 1,
              updatedAtMs,
            }),
          ]),
    ]);
  });
}

/** What the operator reads in `fail_reason`. */
export function reasonOf(error: unknown): string {
  if (error instanceof BackupFailure || error instanceof DiskFull) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
