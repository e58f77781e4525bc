/** Fields of Cinder's API v3 that Farshore uses; times in RFC 3339 UTC, sizes in GiB as Cinder counts them. */
export interface Volume {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly sizeGib: number;
  readonly volumeType: string | null;
  readonly availabilityZone: string | null;
  readonly bootable: boolean;
  readonly encrypted: boolean;
  readonly isAttached: boolean;
  /** Absent where Cinder has never been told. */
  readonly readOnly?: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly imageMetadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
}

export interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly volumeId: string;
  readonly status: string;
  readonly sizeGib: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
}

export interface Backup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly failReason: string | null;
  readonly volumeId: string;
  readonly snapshotId: string | null;
  readonly sizeGib: number;
  readonly objectCount: number;
  readonly container: string;
  readonly isIncremental: boolean;
  readonly hasDependents: boolean;
  /** Time of the data: the snapshot's creation, or the backup's. */
  readonly dataTimestamp: string;
  readonly createdAt: string;
}

/** All fields of a backup's record, as `export_record` gives them in base64 of JSON. */
export interface BackupRecord {
  readonly backupService: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface VolumeType {
  readonly id: string;
  readonly name: string;
}

export interface NewVolume {
  readonly name: string;
  readonly description?: string;
  readonly sizeGib: number;
  readonly volumeType?: string;
  readonly availabilityZone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface NewBackup {
  readonly volumeId: string;
  readonly snapshotId?: string;
  readonly name: string;
  readonly description?: string;
  readonly incremental: boolean;
  /** Allow it for a volume that is attached. */
  readonly force: boolean;
  readonly container?: string;
}

/** By Cinder's names: `volumes`, `gigabytes`, `gigabytes_<type>`. A limit below 0 is none; `used` has what is reserved. */
export type Quotas = Readonly<Record<string, { readonly limit: number; readonly used: number }>>;

/**
 * One project's Cinder. `get…` gives null for what does not exist, `delete…` false. Creations return
 * as soon as Cinder accepted them (`creating`): wait with `waitForStatus`. Refusals throw a
 * RequestError: 413 with a quota in its message is `block-storage.quota-exceeded`.
 */
export interface BlockStorage {
  quotas(signal?: AbortSignal): Promise<Quotas>;
  listVolumes(options?: {
    readonly name?: string;
    readonly signal?: AbortSignal;
  }): AsyncIterable<Volume>;
  getVolume(id: string, signal?: AbortSignal): Promise<Volume | null>;
  createVolume(volume: NewVolume, signal?: AbortSignal): Promise<Volume>;
  updateVolume(
    id: string,
    change: {
      readonly name?: string;
      readonly description?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    },
    signal?: AbortSignal,
  ): Promise<void>;
  /** `os-set_bootable`. */
  setBootable(id: string, bootable: boolean, signal?: AbortSignal): Promise<void>;
  /** `os-update_readonly_flag`. */
  setReadOnly(id: string, readOnly: boolean, signal?: AbortSignal): Promise<void>;
  /** `os-set_image_metadata`, and removal of keys that are not given. */
  setImageMetadata(
    id: string,
    metadata: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** `os-volume_upload_image`, raw and bare; the new image's id. The volume is `uploading` until done. */
  uploadToImage(id: string, imageName: string, signal?: AbortSignal): Promise<string>;
  /** `os-reset_status`: writes the status and nothing else; an administrator's right. */
  resetVolumeStatus(
    id: string,
    status: 'available' | 'in-use',
    signal?: AbortSignal,
  ): Promise<void>;
  deleteVolume(id: string, signal?: AbortSignal): Promise<boolean>;

  listSnapshots(options?: {
    readonly volumeId?: string;
    readonly name?: string;
    readonly signal?: AbortSignal;
  }): AsyncIterable<Snapshot>;
  getSnapshot(id: string, signal?: AbortSignal): Promise<Snapshot | null>;
  /** With `force`, of an attached volume too. */
  createSnapshot(
    snapshot: {
      readonly volumeId: string;
      readonly name: string;
      readonly metadata?: Readonly<Record<string, string>>;
    },
    signal?: AbortSignal,
  ): Promise<Snapshot>;
  deleteSnapshot(id: string, signal?: AbortSignal): Promise<boolean>;
  /** As `resetVolumeStatus`. */
  resetSnapshotStatus(id: string, status: 'available', signal?: AbortSignal): Promise<void>;

  listBackups(options?: {
    readonly volumeId?: string;
    readonly name?: string;
    readonly status?: string;
    readonly signal?: AbortSignal;
  }): AsyncIterable<Backup>;
  getBackup(id: string, signal?: AbortSignal): Promise<Backup | null>;
  createBackup(backup: NewBackup, signal?: AbortSignal): Promise<Backup>;
  /** Into a volume that exists; never lets Cinder make one (that would bring deleted data back). */
  restoreBackup(id: string, volumeId: string, signal?: AbortSignal): Promise<void>;
  deleteBackup(id: string, signal?: AbortSignal): Promise<boolean>;
  /** `os-force_delete`: one that is being made, too, whose making ends then; an administrator's right. */
  forceDeleteBackup(id: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether a cinder-backup is up and enabled; null when the user may not ask (`os-services` is an admin's). */
  isBackupServiceUp(signal?: AbortSignal): Promise<boolean | null>;
  exportRecord(id: string, signal?: AbortSignal): Promise<BackupRecord>;
  /** The id that the record names. Throws `block-storage.record-exists` when that id is in use. */
  importRecord(record: BackupRecord, signal?: AbortSignal): Promise<string>;
  /** Whether the policy lets this user import records; asking changes nothing. */
  mayImportRecords(signal?: AbortSignal): Promise<boolean>;

  listVolumeTypes(signal?: AbortSignal): AsyncIterable<VolumeType>;
}
