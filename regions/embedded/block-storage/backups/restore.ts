import { Refusal } from '../../http/refusal.ts';
import { find, notFound } from '../api/find.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { BackupRecord, VolumeRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { type Layer, readBackup } from '../swift-driver/read.ts';
import { BackupFailure, SwiftAccount } from '../swift-driver/swift.ts';
import { changeByVolumeMeta } from '../swift-driver/volume-meta.ts';
import { insertVolume } from '../volumes/create.ts';
import { reasonOf } from './run.ts';
import { worksOn } from './worker.ts';

export interface RestoreTarget {
  /** Null: a volume is made for it. */
  readonly volumeId: string | null;
  readonly name: string | null;
}

/** Accepts a restore (`restoring`, the volume `restoring-backup`) or throws 400; the volume it goes into. */
export async function restoreBackup(
  cinder: Cinder,
  request: ApiRequest,
  { id, status, sizeGib }: BackupRecord,
  target: RestoreTarget,
): Promise<VolumeRecord> {
  const { state } = cinder;
  if (status !== 'available') throw notAvailable();
  const volumeId = target.volumeId ?? (await madeFor(cinder, request, id, sizeGib, target.name));
  await find(request, 'volume', state.volumes, volumeId);
  const volume = await state.exclusive(async () => {
    const [found, backup] = [await state.volumes.get(volumeId), await state.backups.get(id)];
    if (found === undefined) throw notFound.volume(volumeId);
    if (backup?.status !== 'available') throw notAvailable();
    if (found.status !== 'available')
      throw new Refusal(400, 'Invalid volume: Volume to be restored to must be available');
    if (backup.sizeGib > found.sizeGib)
      throw new Refusal(
        400,
        `Invalid volume: volume size ${found.sizeGib} is too small to restore backup of size ${backup.sizeGib}.`,
      );
    const updatedAtMs = state.now();
    await state.commit([
      state.backups.put(id, {
        ...backup,
        status: 'restoring',
        restoreVolumeId: volumeId,
        updatedAtMs,
      }),
      state.volumes.put(volumeId, { ...found, status: 'restoring-backup', updatedAtMs }),
    ]);
    return found;
  });
  cinder.jobs.start(volumeId, () => restoreInto(cinder, request.requester.token, id, volumeId));
  return volume;
}

function notAvailable(): Refusal {
  return new Refusal(400, 'Invalid backup: Backup status must be available');
}

async function madeFor(
  cinder: Cinder,
  request: ApiRequest,
  backupId: string,
  sizeGib: number,
  name: string | null,
): Promise<string> {
  const { state, disks } = cinder;
  const { id } = await insertVolume(cinder, request, {
    name: name ?? `restore_backup_${backupId}`,
    description: 'auto-created_from_restore_from_backup',
    sizeGib,
  });
  const isMade = await disks.create(id, sizeGib).then(
    () => true,
    () => false,
  );
  const status = isMade ? 'available' : 'error';
  await state.update(state.volumes, id, () => ({ status, launchedAtMs: state.now() }));
  if (isMade) return id;
  throw new Refusal(
    400,
    `Invalid volume: Error while creating volume ${id} for restoring backup ${backupId}.`,
  );
}

/** cinder-backup's part: writes the chain onto the volume, then settles both. */
export async function restoreInto(
  cinder: Cinder,
  token: string,
  backupId: string,
  volumeId: string,
): Promise<void> {
  const { state, jobs } = cinder;
  const backup = await state.backups.get(backupId);
  if (backup === undefined) return;
  let status: string;
  try {
    status = (await read(cinder, token, backup, volumeId)) ? 'available' : 'error';
  } catch (error) {
    if (jobs.signal.aborted) throw error;
    const reason = reasonOf(error);
    cinder.ambient.log.warn('restore failed', { backup: backupId, volume: volumeId, reason });
    await state.update(state.volumes, volumeId, () => ({ status: 'error_restoring' }));
    await state.update(state.backups, backupId, () => ({ status: 'available' }));
    return;
  }
  await state.update(state.volumes, volumeId, (volume) => ({
    status,
    launchedAtMs: volume.launchedAtMs ?? state.now(),
    metadata: withSource(volume, backup),
  }));
  await state.update(state.backups, backupId, () => ({ status: 'available' }));
}

async function read(
  cinder: Cinder,
  token: string,
  backup: BackupRecord,
  volumeId: string,
): Promise<boolean> {
  const { state, jobs, disks } = cinder;
  const swift = new SwiftAccount(cinder.objectStore, token, backup.projectId, jobs.signal);
  await using disk = await disks.use(volumeId);
  return await readBackup({
    layers: await chainOf(state, backup),
    disk,
    swift,
    isFile: cinder.faults.conditions.volumeStorage === 'file',
    isWanted: () => worksOn(cinder, backup.id, 'restoring'),
    onVolumeMeta: async (volumeMeta) => {
      await state.update(state.volumes, volumeId, (volume) =>
        changeByVolumeMeta(volume, volumeMeta),
      );
    },
  });
}

/** The backup and what it is based on, oldest first. */
async function chainOf(state: State, backup: BackupRecord): Promise<Layer[]> {
  const layers: Layer[] = [];
  const seen = new Set<string>();
  for (let each = backup; ;) {
    const { id, container, serviceMetadata, parentId } = each;
    if (container === null || serviceMetadata === null || seen.has(id))
      throw new BackupFailure(`Backup ${id} cannot be read.`);
    seen.add(id);
    layers.unshift({ container, prefix: serviceMetadata });
    if (parentId === null) return layers;
    const parent = await state.backups.get(parentId);
    if (parent === undefined) throw new BackupFailure(`Backup ${parentId} could not be found.`);
    each = parent;
  }
}

/** A volume remembers which backup another volume's data came from. */
function withSource(
  { id, metadata }: VolumeRecord,
  backup: BackupRecord,
): VolumeRecord['metadata'] {
  const old = metadata['src_backup_id'];
  const isOther = backup.volumeId !== id || (old !== undefined && old !== backup.id);
  return isOther ? { ...metadata, src_backup_id: backup.id } : metadata;
}
