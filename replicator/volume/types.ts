import type { CatalogRef } from '../bank/bank.ts';
import type { Capture, Copy } from '../mover.ts';

/** What a restored volume must look like again. */
export interface VolumeAttributes {
  readonly name: string;
  readonly description: string;
  readonly sizeGib: number;
  readonly volumeType: string | null;
  readonly bootable: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly imageMetadata: Readonly<Record<string, string>>;
}

export interface VolumeCapture extends Capture {
  readonly kind: 'volume';
  readonly attributes: VolumeAttributes;
  /** Null where the volume's driver makes no snapshots: then the backup itself is the cut. */
  readonly snapshotId: string | null;
}

/** One Cinder backup as it lies in the secondary, where the cinder-backup of that region looks for it. */
export interface BackupCopy {
  /** The same id in both regions. */
  readonly backupId: string;
  readonly incremental: boolean;
  readonly container: string;
  /** Cinder's `service_metadata`: the prefix of all its objects. */
  readonly prefix: string;
  readonly sizeGib: number;
  /** SHA-256 of `<prefix>_metadata` and of `<prefix>_sha256file`: the roots that the content check hangs from. */
  readonly metadataSha256: string;
  readonly sha256FileSha256: string;
  /** One row for each object under the prefix: name, ETag, bytes. */
  readonly catalog: CatalogRef;
  /** The fields of the record, as imported in the secondary. */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface VolumeCopy extends Copy {
  readonly kind: 'volume';
  readonly format: 1;
  readonly attributes: VolumeAttributes;
  /** Type in the secondary, after mapping; null takes Cinder's default. */
  readonly targetVolumeType: string | null;
  readonly availabilityZone: string | null;
  /** Oldest, a full one, first. */
  readonly chain: readonly BackupCopy[];
}
