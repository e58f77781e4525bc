import { Refusal } from '../../http/refusal.ts';
import { find } from '../api/find.ts';
import { input, type Input } from '../api/input.ts';
import { type ApiRequest, malformed } from '../api/request.ts';
import { restoreInto } from '../backups/restore.ts';
import { type Cinder, zone } from '../cinder.ts';
import { requireRoom, requireSize } from '../state/quotas.ts';
import type { BackupRecord, SnapshotRecord, VolumeRecord } from '../state/records.ts';
import { defaultTypeName } from '../state/state.ts';
import { fillFromImage } from './from-image.ts';
import { findImage, type Image, imageMetadataOf } from './image.ts';
import { typeByNameOrId } from './types.ts';

/** Where a volume's first bytes come from; at most one of them, in this order. */
interface Sources {
  readonly volume: VolumeRecord | null;
  readonly snapshot: SnapshotRecord | null;
  readonly backup: BackupRecord | null;
  readonly image: Image | null;
}

/** Accepts a new volume (`creating`); its bytes come in the background. */
export async function createVolume(
  cinder: Cinder,
  request: ApiRequest,
  body: unknown,
): Promise<VolumeRecord> {
  const wish = input(body, 'volume');
  if (wish.flag('multiattach') === true)
    throw new Refusal(
      400,
      'multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.',
    );
  const draft = {
    name: wish.measured('name'),
    description: wish.measured('description'),
    metadata: wish.strings('metadata') ?? {},
  };
  const asked = wish.size('size');
  const typeName = wish.text('volume_type');
  const type = await typeByNameOrId(
    cinder,
    typeName === null || typeName === '' ? defaultTypeName : typeName,
  );
  const sources = await sourcesOf(cinder, request, wish);
  const sizeGib = sizeOf(asked, sources);
  const wishedZone = wish.text('availability_zone');
  if (wishedZone !== null && wishedZone !== zone)
    throw new Refusal(400, `Availability zone '${wishedZone}' is invalid.`);
  const volume = await insertVolume(cinder, request, {
    ...draft,
    sizeGib,
    typeId: sources.volume?.typeId ?? sources.snapshot?.typeId ?? type.id,
    snapshotId: sources.snapshot?.id ?? null,
    sourceVolumeId: sources.volume?.id ?? null,
    imageMetadata: sources.volume?.imageMetadata ?? imageMetadataOf(sources.image),
    bootable: sources.volume?.bootable ?? sources.image !== null,
  });
  startFilling(cinder, request, volume, sources);
  return volume;
}

type VolumeDraft = Pick<VolumeRecord, 'name' | 'description' | 'sizeGib'> & Partial<VolumeRecord>;

/** Takes the quota and writes the record, `creating`. */
export async function insertVolume(
  { state }: Cinder,
  request: ApiRequest,
  draft: VolumeDraft,
): Promise<VolumeRecord> {
  const typeId = draft.typeId ?? (await typeByNameOrId({ state }, defaultTypeName)).id;
  const volume: VolumeRecord = {
    id: state.newId(),
    projectId: request.projectId,
    userId: request.requester.userId,
    metadata: {},
    status: 'creating',
    previousStatus: null,
    zone,
    bootable: false,
    imageMetadata: {},
    adminMetadata: {},
    attachStatus: 'detached',
    migrationStatus: null,
    snapshotId: null,
    sourceVolumeId: null,
    launchedAtMs: null,
    createdAtMs: state.now(),
    updatedAtMs: null,
    ...draft,
    typeId,
  };
  await state.exclusive(async () => {
    const { projectId, sizeGib } = volume;
    await requireSize(state, projectId, sizeGib);
    await requireRoom(state, projectId, { kind: 'volumes', count: 1, sizeGib, typeId });
    await state.commit([state.volumes.put(volume.id, volume)]);
  });
  return volume;
}

async function sourcesOf(cinder: Cinder, request: ApiRequest, wish: Input): Promise<Sources> {
  const { state } = cinder;
  const [snapshotId, volumeId] = [wish.uuid('snapshot_id'), wish.uuid('source_volid')];
  const imageRef = wish.text('imageRef') ?? wish.text('image_id');
  const backupId = request.minor >= 47 ? wish.uuid('backup_id') : null;
  const snapshot =
    snapshotId === null ? null : await find(request, 'snapshot', state.snapshots, snapshotId);
  requireStatus(snapshot, ['available', 'backing-up'], 'snapshot', 'Invalid snapshot');
  const volume = volumeId === null ? null : await find(request, 'volume', state.volumes, volumeId);
  requireStatus(volume, ['available', 'in-use'], 'source volume', 'Invalid volume');
  const image = imageRef === null ? null : await findImage(cinder, request, imageRef);
  const backup = backupId === null ? null : await find(request, 'backup', state.backups, backupId);
  requireStatus(backup, ['available', 'restoring'], 'backup', 'Invalid backup');
  return { snapshot, volume, image, backup };
}

function requireStatus(
  source: { readonly status: string } | null,
  allowed: readonly string[],
  what: string,
  error: string,
): void {
  if (source === null || allowed.includes(source.status)) return;
  throw new Refusal(
    400,
    `${error}: Originating ${what} status must be one of '${allowed.join(', ')}' values`,
  );
}

function sizeOf(asked: number | null, { volume, snapshot, backup, image }: Sources): number {
  const source = volume ?? snapshot ?? backup;
  const size = asked ?? source?.sizeGib;
  if (size === undefined) throw new Refusal(400, malformed);
  const refuse = (text: string): Refusal => new Refusal(400, `Invalid input received: ${text}`);
  if (source !== null && size < source.sizeGib) {
    const what = volume === null ? (snapshot === null ? 'backup' : 'snapshot') : 'volume';
    throw refuse(
      `Volume size '${size}'GB cannot be smaller than the ${what} size ${source.sizeGib}GB. They must be >= original ${what} size.`,
    );
  }
  if (image !== null && image.sizeGib > size)
    throw refuse(
      `Size of specified image ${image.sizeGib}GB is larger than volume size ${size}GB.`,
    );
  if (image !== null && image.minDiskGib > size)
    throw refuse(
      `Volume size ${size}GB cannot be smaller than the image minDisk size ${image.minDiskGib}GB.`,
    );
  return size;
}

function startFilling(
  cinder: Cinder,
  request: ApiRequest,
  volume: VolumeRecord,
  sources: Sources,
): void {
  const { state, disks, jobs } = cinder;
  const { id, sizeGib } = volume;
  const original = sources.volume ?? sources.snapshot;
  if (sources.backup !== null) {
    const backup = sources.backup;
    jobs.start(id, async () => {
      await disks.create(id, sizeGib);
      await state.update(state.backups, backup.id, () => ({
        status: 'restoring',
        restoreVolumeId: id,
      }));
      await restoreInto(cinder, request.requester.token, backup.id, id);
    });
    return;
  }
  jobs.start(id, async () => {
    try {
      if (sources.image !== null) await fillFromImage(cinder, request, volume, sources.image);
      else if (original !== null) await disks.copy(original.id, id, sizeGib, jobs.signal);
      else await disks.create(id, sizeGib);
    } catch (error) {
      if (jobs.signal.aborted) throw error;
      cinder.ambient.log.warn('volume not created', { volume: id, error: String(error) });
      await state.update(state.volumes, id, () => ({ status: 'error' }));
      return;
    }
    const launchedAtMs = state.now();
    await state.update(state.volumes, id, () => ({ status: 'available', launchedAtMs }));
  });
}
