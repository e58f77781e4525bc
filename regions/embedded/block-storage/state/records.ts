/** Times are milliseconds since the epoch; the API shows them cut to whole seconds, as MariaDB keeps them. */
interface Owned {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly sizeGib: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number | null;
}

export interface VolumeRecord extends Owned {
  readonly previousStatus: string | null;
  readonly typeId: string;
  readonly zone: string;
  readonly bootable: boolean;
  readonly imageMetadata: Readonly<Record<string, string>>;
  /** `readonly` and `attached_mode`, shown among the user's metadata. */
  readonly adminMetadata: Readonly<Record<string, string>>;
  readonly attachStatus: string;
  readonly migrationStatus: string | null;
  readonly snapshotId: string | null;
  readonly sourceVolumeId: string | null;
  readonly launchedAtMs: number | null;
}

export interface SnapshotRecord extends Owned {
  readonly volumeId: string;
  readonly typeId: string;
  readonly progress: string;
}

export interface BackupRecord extends Owned {
  readonly volumeId: string;
  readonly snapshotId: string | null;
  readonly parentId: string | null;
  readonly host: string | null;
  readonly zone: string | null;
  readonly container: string | null;
  /** Prefix of its objects; null until it is known. */
  readonly serviceMetadata: string | null;
  /** The driver that wrote it. */
  readonly service: string | null;
  readonly objectCount: number;
  readonly failReason: string | null;
  readonly dependents: number;
  readonly dataTimestampMs: number | null;
  readonly restoreVolumeId: string | null;
}

export interface AttachmentRecord {
  readonly id: string;
  readonly projectId: string;
  readonly volumeId: string;
  readonly instanceId: string | null;
  readonly host: string | null;
  readonly mountpoint: string | null;
  readonly mode: string | null;
  readonly status: string;
  readonly connector: Readonly<Record<string, unknown>> | null;
  readonly attachedAtMs: number | null;
}

export interface TypeRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly isPublic: boolean;
  readonly extraSpecs: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** Limits that were set for one project, by Cinder's names. */
export type QuotaRecord = Readonly<Record<string, number>>;
