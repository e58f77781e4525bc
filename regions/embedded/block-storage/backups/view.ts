import { linksOf } from '../api/links.ts';
import { shownTime } from '../api/python.ts';
import type { ApiRequest } from '../api/request.ts';
import type { BackupRecord } from '../state/records.ts';

export function backupSummary(request: ApiRequest, { id, name }: BackupRecord): object {
  return { id, name, links: linksOf(request, 'backups', id) };
}

export function backupDetail(request: ApiRequest, backup: BackupRecord): object {
  const { minor, isAdmin } = request;
  return {
    id: backup.id,
    status: backup.status,
    size: backup.sizeGib,
    object_count: backup.objectCount,
    availability_zone: backup.zone,
    container: backup.container,
    created_at: shownTime(backup.createdAtMs),
    updated_at: shownTime(backup.updatedAtMs),
    name: backup.name,
    description: backup.description,
    fail_reason: backup.failReason,
    volume_id: backup.volumeId,
    links: linksOf(request, 'backups', backup.id),
    is_incremental: backup.parentId !== null,
    has_dependent_backups: backup.dependents > 0,
    snapshot_id: backup.snapshotId,
    data_timestamp: shownTime(backup.dataTimestampMs),
    ...(minor >= 43 ? { metadata: backup.metadata } : {}),
    ...(minor >= 18 && isAdmin ? { 'os-backup-project-attr:project_id': backup.projectId } : {}),
    ...(minor >= 56 && isAdmin ? { user_id: backup.userId } : {}),
  };
}
