import { isObject } from '../api/input.ts';
import { pythonJson, shownTime } from '../api/python.ts';
import { backendOf, type Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { BackupFailure } from './swift.ts';

const baseTag = 'volume-base-metadata';
const userTag = 'volume-metadata';
const imageTag = 'volume-glance-metadata';

/** What `_metadata` says of the volume: JSON in a string, its fields in the order of Cinder's model. */
export function volumeMetaOf(cinder: Cinder, volume: VolumeRecord): string {
  return pythonJson({
    version: 2,
    [baseTag]: {
      created_at: shownTime(volume.createdAtMs),
      updated_at: shownTime(volume.updatedAtMs),
      deleted_at: null,
      deleted: false,
      id: volume.id,
      _name_id: null,
      use_quota: true,
      ec2_id: null,
      user_id: volume.userId,
      project_id: volume.projectId,
      snapshot_id: volume.snapshotId,
      cluster_name: null,
      host: backendOf(cinder),
      size: volume.sizeGib,
      availability_zone: volume.zone,
      status: volume.status,
      attach_status: volume.attachStatus,
      migration_status: volume.migrationStatus,
      scheduled_at: shownTime(volume.createdAtMs),
      launched_at: shownTime(volume.launchedAtMs),
      terminated_at: null,
      display_name: volume.name,
      display_description: volume.description,
      provider_location: null,
      provider_auth: null,
      provider_geometry: null,
      provider_id: null,
      volume_type_id: volume.typeId,
      source_volid: volume.sourceVolumeId,
      encryption_key_id: null,
      consistencygroup_id: null,
      group_id: null,
      bootable: volume.bootable,
      multiattach: false,
      replication_status: null,
      replication_extended_status: null,
      replication_driver_data: null,
      previous_status: volume.previousStatus,
      service_uuid: null,
      shared_targets: false,
    },
    ...(isEmpty(volume.metadata) ? {} : { [userTag]: volume.metadata }),
    ...(isEmpty(volume.imageMetadata) ? {} : { [imageTag]: volume.imageMetadata }),
  });
}

/**
 * What a restore changes of the volume it went into: the user's metadata is replaced, the image's too
 * (and makes it bootable); the name only of a volume that was made for the restore.
 */
export function changeByVolumeMeta(
  volume: VolumeRecord,
  volumeMeta: string,
): Partial<VolumeRecord> {
  const meta = parse(volumeMeta);
  const version = meta['version'];
  if (version !== 1 && version !== 2)
    throw new BackupFailure('Metadata restore failed due to incompatible version.');
  const [base, user, image] = [meta[baseTag], meta[userTag], meta[imageTag]];
  return {
    ...(isObject(base) ? nameChange(volume, base) : {}),
    ...(isObject(user) ? { metadata: strings(user) } : {}),
    ...(isObject(image) ? { imageMetadata: strings(image), bootable: true } : {}),
  };
}

function nameChange(
  volume: VolumeRecord,
  base: Readonly<Record<string, unknown>>,
): Partial<VolumeRecord> {
  const { display_name: name, display_description: description } = base;
  if (typeof name !== 'string' || name === '') return {};
  if (!/^(restore_backup_.*)?$/s.test(volume.name ?? '')) return {};
  return { name, description: typeof description === 'string' ? description : null };
}

function parse(volumeMeta: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(volumeMeta);
    if (isObject(value)) return value;
  } catch {
    // Refused below.
  }
  throw new BackupFailure('the metadata of the volume is no JSON object');
}

function strings(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
