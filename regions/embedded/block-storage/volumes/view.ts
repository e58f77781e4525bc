import { linksOf } from '../api/links.ts';
import { shownTime } from '../api/python.ts';
import type { ApiRequest } from '../api/request.ts';
import { backendOf, type Cinder } from '../cinder.ts';
import type { AttachmentRecord, VolumeRecord } from '../state/records.ts';

/** What a volume's view needs beside its record. */
export interface VolumeSurroundings {
  readonly cinder: Cinder;
  readonly attachments: readonly AttachmentRecord[];
  /** By the types' ids. */
  readonly typeNames: ReadonlyMap<string, string>;
}

export function volumeSummary(request: ApiRequest, volume: VolumeRecord): Record<string, unknown> {
  return {
    id: volume.id,
    name: volume.name,
    links: linksOf(request, 'volumes', volume.id),
  };
}

export function volumeDetail(
  request: ApiRequest,
  volume: VolumeRecord,
  around: VolumeSurroundings,
): Record<string, unknown> {
  const { minor, isAdmin } = request;
  return {
    id: volume.id,
    status: volume.status,
    size: volume.sizeGib,
    availability_zone: volume.zone,
    created_at: shownTime(volume.createdAtMs),
    updated_at: shownTime(volume.updatedAtMs),
    name: volume.name,
    description: volume.description,
    volume_type: around.typeNames.get(volume.typeId) ?? null,
    snapshot_id: volume.snapshotId,
    source_volid: volume.sourceVolumeId,
    metadata: { ...volume.metadata, ...volume.adminMetadata },
    links: linksOf(request, 'volumes', volume.id),
    user_id: volume.userId,
    bootable: String(volume.bootable),
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: false,
    attachments: attachmentsOf(request, volume, around),
    ...(isAdmin ? { migration_status: volume.migrationStatus } : {}),
    ...(minor >= 13 ? { group_id: null } : {}),
    ...(minor >= 21 && isAdmin ? { provider_id: null } : {}),
    ...(minor >= 48 ? { shared_targets: false, service_uuid: null } : {}),
    ...(minor >= 61 && isAdmin ? { cluster_name: null } : {}),
    ...(minor >= 63 ? { volume_type_id: volume.typeId } : {}),
    ...(minor >= 65 ? { consumes_quota: true } : {}),
    'os-vol-tenant-attr:tenant_id': volume.projectId,
    ...(isAdmin ? adminFields(volume, around.cinder) : {}),
    ...(Object.keys(volume.imageMetadata).length === 0
      ? {}
      : { volume_image_metadata: volume.imageMetadata }),
  };
}

function adminFields(volume: VolumeRecord, cinder: Cinder): object {
  return {
    'os-vol-mig-status-attr:migstat': volume.migrationStatus,
    'os-vol-mig-status-attr:name_id': null,
    'os-vol-host-attr:host': backendOf(cinder),
  };
}

function attachmentsOf(
  request: ApiRequest,
  volume: VolumeRecord,
  { attachments }: VolumeSurroundings,
): object[] {
  return attachments
    .filter(({ volumeId, status }) => volumeId === volume.id && status === 'attached')
    .map((attachment) => ({
      id: volume.id,
      attachment_id: attachment.id,
      volume_id: volume.id,
      server_id: attachment.instanceId,
      host_name: request.isAdmin ? attachment.host : null,
      device: attachment.mountpoint,
      attached_at: shownTime(attachment.attachedAtMs),
    }));
}
