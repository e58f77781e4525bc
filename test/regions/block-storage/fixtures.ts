/* Answers of a Cinder of the Zed release, links shortened. */

export const volumeJson = {
  id: 'a0ffdb8d-01af-48e7-a969-424783819b5f',
  status: 'available',
  size: 1,
  availability_zone: 'nova',
  created_at: '2026-11-21T09:08:23.000000',
  updated_at: '2026-11-21T09:08:24.000000',
  name: 'disk-1',
  description: null,
  volume_type: 'nfs',
  snapshot_id: null,
  source_volid: null,
  metadata: { role: 'db', readonly: 'False' },
  links: [{ rel: 'self', href: 'http://172.30.0.11:8776/v3/p1/volumes/a0ffdb8d' }],
  user_id: 'd3f19284cffe46f3a13df9a2b3eb4377',
  bootable: 'true',
  encrypted: false,
  replication_status: null,
  consistencygroup_id: null,
  multiattach: false,
  attachments: [],
  migration_status: null,
  'os-vol-tenant-attr:tenant_id': '98e05585220a4e36923d80f230efd829',
  volume_image_metadata: { os_distro: 'debian' },
};

export const snapshotJson = {
  id: '8818a937-adfc-4449-8238-4cba401ad423',
  created_at: '2026-11-21T09:08:24.000000',
  updated_at: null,
  name: 'snap-1',
  description: null,
  volume_id: 'a0ffdb8d-01af-48e7-a969-424783819b5f',
  status: 'creating',
  size: 1,
  metadata: {},
};

export const backupJson = {
  id: 'aa5d9643-d41e-4e95-b940-771f781eaa3a',
  status: 'available',
  size: 1,
  object_count: 21,
  availability_zone: null,
  container: 'volumebackups',
  created_at: '2026-11-21T09:08:25.000000',
  updated_at: '2026-11-21T09:08:36.000000',
  name: 'backup-1',
  description: null,
  fail_reason: null,
  volume_id: 'a0ffdb8d-01af-48e7-a969-424783819b5f',
  links: [],
  is_incremental: false,
  has_dependent_backups: true,
  snapshot_id: null,
  data_timestamp: '2026-11-21T09:08:24.000000',
};

/** The fields of an exported record, as they came out of `backup_url`. */
export const recordFields = {
  driver_info: {},
  id: 'aa5d9643-d41e-4e95-b940-771f781eaa3a',
  volume_id: 'a0ffdb8d-01af-48e7-a969-424783819b5f',
  container: 'volumebackups',
  size: 1,
  display_name: 'süß "x"',
  display_description: null,
  service_metadata: 'volume_a0ffdb8d/20261121090826/az_nova_backup_aa5d9643',
  service: 'cinder.backup.drivers.swift.SwiftBackupDriver',
  object_count: 21,
};

export function quotaJson(name: string, used: number, limit: number): unknown {
  return {
    quota_set: {
      id: 'p1',
      per_volume_gigabytes: { limit: -1, in_use: 0, reserved: 0 },
      [name]: { limit, in_use: used, reserved: 0, allocated: 0 },
    },
  };
}
