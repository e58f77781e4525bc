import { parsedJson } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { input, isObject } from '../api/input.ts';
import { pythonJson } from '../api/python.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import { type Cinder, swiftDriver, zone } from '../cinder.ts';
import { requireRoom } from '../state/quotas.ts';
import type { BackupRecord } from '../state/records.ts';

/** Without these an import ends in `error`. */
const required = [
  'display_name',
  'display_description',
  'container',
  'size',
  'service_metadata',
  'object_count',
  'id',
];

/** All fields of a record, in the order of Cinder's model, as base64 of JSON. */
export function exportRecord(backup: BackupRecord): object {
  if (backup.status !== 'available')
    throw new Refusal(
      400,
      `Invalid backup: Backup status must be available and not ${backup.status}.`,
    );
  const record = {
    driver_info: {},
    id: backup.id,
    user_id: backup.userId,
    project_id: backup.projectId,
    volume_id: backup.volumeId,
    host: backup.host,
    availability_zone: backup.zone,
    container: backup.container,
    parent_id: backup.parentId,
    status: backup.status,
    fail_reason: backup.failReason,
    size: backup.sizeGib,
    display_name: backup.name,
    display_description: backup.description,
    service_metadata: backup.serviceMetadata,
    service: backup.service,
    object_count: backup.objectCount,
    temp_volume_id: null,
    temp_snapshot_id: null,
    num_dependent_backups: backup.dependents,
    snapshot_id: backup.snapshotId,
    data_timestamp: zulu(backup.dataTimestampMs),
    restore_volume_id: backup.restoreVolumeId,
    metadata: backup.metadata,
    encryption_key_id: null,
    created_at: zulu(backup.createdAtMs),
    updated_at: zulu(backup.updatedAtMs),
    deleted_at: null,
    deleted: false,
  };
  return {
    backup_service: backup.service,
    backup_url: Buffer.from(pythonJson(record)).toString('base64'),
  };
}

function zulu(epochMs: number | null): string | null {
  return epochMs === null ? null : `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** Believes what the record says: nothing is asked of Swift, nor of the parent. Throws 400 and 413. */
export async function importRecord(
  cinder: Cinder,
  request: ApiRequest,
  body: unknown,
): Promise<BackupRecord> {
  const { state } = cinder;
  const wish = input(body, 'backup-record', ['backup_service', 'backup_url'])
    .require('backup_service')
    .require('backup_url');
  const service = wish.text('backup_service') ?? '';
  const url = wish.text('backup_url', Infinity) ?? '';
  requireAdmin(request, 'backup:backup-import');
  const record = decode(url);
  const { id, sizeGib } = identityOf(record);
  return state.exclusive(async () => {
    if ((await state.backups.get(id)) !== undefined)
      throw new Refusal(400, 'Invalid backup: Backup already exists in database.');
    await requireRoom(state, request.projectId, { kind: 'backups', count: 1, sizeGib });
    const backup = imported(cinder, request, { id, sizeGib, service, record });
    await state.commit([state.backups.put(id, backup)]);
    return backup;
  });
}

function decode(url: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parsedJson(Buffer.from(url, 'base64').toString('utf8'));
  } catch {
    throw new Refusal(400, "Invalid input received: Can't parse backup record.");
  }
  return isObject(value) ? value : {};
}

function identityOf(record: Readonly<Record<string, unknown>>): { id: string; sizeGib: number } {
  const { id, size } = record;
  const refuse = (text: string): Refusal => new Refusal(400, `Invalid input received: ${text}`);
  if (id === undefined) throw refuse('Provided backup record is missing an id');
  if (size === undefined) throw refuse('Provided backup record is missing size attribute');
  if (typeof id !== 'string' || id === '' || id.length > 36)
    throw refuse('the id of the backup record is none');
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
    throw refuse('the size of the backup record is none');
  return { id, sizeGib: size };
}

interface Import {
  readonly id: string;
  readonly sizeGib: number;
  readonly service: string;
  readonly record: Readonly<Record<string, unknown>>;
}

function imported(
  cinder: Cinder,
  request: ApiRequest,
  { id, sizeGib, service, record }: Import,
): BackupRecord {
  const nowMs = cinder.state.now();
  const text = (key: string): string | null =>
    typeof record[key] === 'string' ? record[key] : null;
  const count = (key: string): number => (typeof record[key] === 'number' ? record[key] : 0);
  const time = (key: string): number | null => {
    const timeMs = Date.parse(text(key) ?? '');
    return Number.isNaN(timeMs) ? null : timeMs;
  };
  const owned = { id, projectId: request.projectId, userId: request.requester.userId, sizeGib };
  const backup: BackupRecord = {
    ...owned,
    name: text('display_name'),
    description: text('display_description'),
    metadata: stringsOf(record['metadata']),
    status: 'available',
    volumeId: text('volume_id') ?? noVolume,
    snapshotId: text('snapshot_id'),
    parentId: text('parent_id'),
    host: cinder.host,
    zone,
    container: text('container'),
    serviceMetadata: text('service_metadata'),
    service: swiftDriver,
    objectCount: count('object_count'),
    failReason: null,
    dependents: count('num_dependent_backups'),
    dataTimestampMs: time('data_timestamp'),
    restoreVolumeId: text('restore_volume_id'),
    createdAtMs: time('created_at') ?? nowMs,
    updatedAtMs: nowMs,
  };
  const failReason = reasonAgainst(service, record);
  if (failReason === null) return backup;
  return {
    ...backup,
    ...{ name: null, description: null, container: null, serviceMetadata: null, service: null },
    ...{ volumeId: noVolume, snapshotId: null, parentId: null, objectCount: 0, metadata: {} },
    ...{ dataTimestampMs: null, createdAtMs: nowMs, status: 'error', failReason },
  };
}

/** What a backup has that belongs to no volume of the region. */
const noVolume = '00000000-0000-0000-0000-000000000000';

function reasonAgainst(service: string, record: Import['record']): string | null {
  if (service !== '' && !swiftDriver.startsWith(service))
    return `Import record failed, cannot find backup service to perform the import. Request service ${service}.`;
  const missing = required.filter((key) => record[key] === undefined);
  if (missing.length === 0) return null;
  return `Driver successfully decoded imported backup data, but there are missing fields (${missing.join(', ')}).`;
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  );
}
