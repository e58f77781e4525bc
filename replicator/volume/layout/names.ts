/** How cinder-backup's chunked drivers lay a backup out (cinder/backup/chunkeddriver.py, drivers/swift.py). */
import { FarshoreError } from '../../../kernel/errors.ts';

export const gib = 1024 ** 3;

/** The commit marker: Cinder writes it last, and so does a copy. */
export function metadataName(prefix: string): string {
  return `${prefix}_metadata`;
}

export function sha256FileName(prefix: string): string {
  return `${prefix}_sha256file`;
}

/** The one `service` of a record whose layout is the one known here. */
export const swiftDriver = 'cinder.backup.drivers.swift.SwiftBackupDriver';

/**
 * The prefix of a backup's objects ends with the backup's own id, so that nothing of another backup
 * lies below it. A prefix that does not is refused: everything under it may be deleted one day.
 */
export function requireOwnPrefix(prefix: string, backupId: string): void {
  if (prefix.endsWith(backupId) && backupId.length >= 16) return;
  throw new FarshoreError(`its objects' prefix "${prefix}" does not end with its id`, {
    code: 'volume.prefix-unknown',
    kind: 'permanent',
    operation: 'read backup record',
    subject: backupId,
    hint: 'only backups of the Swift driver with its own naming can be copied',
  });
}

/**
 * Where the copies of a backup lie in the secondary. With one Swift under both regions, and perhaps
 * one account, it must be another container: Cinder deletes every object under a backup's prefix
 * with its record, in whichever region.
 */
export function copyContainer(
  sourceContainer: string,
  targetRegion: string,
  sharedSwift: boolean,
): string {
  return sharedSwift ? `${sourceContainer}${regionSuffix(targetRegion)}` : sourceContainer;
}

/** Throws where a deletion could reach the objects of the other region's own backup. */
export function requireCopyContainer(
  container: string,
  targetRegion: string,
  sharedSwift: boolean,
): void {
  if (!sharedSwift || container.endsWith(regionSuffix(targetRegion))) return;
  throw new FarshoreError('the container may be the other region’s own: nothing is deleted there', {
    code: 'volume.container-shared',
    kind: 'permanent',
    operation: 'delete from backup container',
    subject: container,
  });
}

function regionSuffix(region: string): string {
  return `_${region}`;
}
