/**
 * The record by which the secondary's Cinder knows a copied backup.
 *
 * Cinder's import is unsigned and checks nothing: the record says `available` whether or not objects
 * exist, so it is imported only after they were counted. Killed, or the answer lost, in the middle:
 * the id is found, `creating` for a moment, then `available`. An import that failed leaves a record in
 * `error` without a container, and only such a one may be deleted: with a container, Cinder would
 * delete the objects with it.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Backup, BackupRecord } from '../../../regions/block-storage/types.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import type { TargetContext } from '../../mover.ts';
import { swiftDriver } from '../layout/names.ts';
import type { BackupCopy } from '../types.ts';
import { shortWaitMs, waitFor } from '../wait.ts';

/**
 * The record as it goes into the secondary. Cinder takes the owner from the token, and service, host
 * and zone from itself; what names things of the primary is emptied.
 */
export function rewriteRecord(
  record: BackupRecord,
  container: string,
  parentId: string | null,
  target: ProjectScope,
): Readonly<Record<string, unknown>> {
  return {
    ...record.fields,
    container,
    parent_id: parentId,
    project_id: target.projectId,
    user_id: target.userId,
    host: null,
    availability_zone: null,
    status: 'available',
    fail_reason: null,
    snapshot_id: null,
    temp_volume_id: null,
    temp_snapshot_id: null,
    restore_volume_id: null,
    encryption_key_id: null,
    num_dependent_backups: 0,
  };
}

/** Imports what is missing of a chain, oldest first; returns when all of it can be restored from. */
export async function ensureImported(
  chain: readonly BackupCopy[],
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  const known = await recordsOf(chain, at);
  for (const copy of chain) {
    const backup = known.get(copy.backupId);
    if (backup !== undefined && isUsable(backup)) requireSame(copy, backup);
    else await importOne(copy, at, ambient);
  }
}

/** The records of a chain that the secondary has, found with one listing. */
export async function recordsOf(
  chain: readonly BackupCopy[],
  at: TargetContext,
): Promise<ReadonlyMap<string, Backup>> {
  const known = new Map<string, Backup>();
  const volumeId = chain[0]?.record['volume_id'];
  if (typeof volumeId !== 'string') return known;
  const { signal } = at;
  for await (const backup of at.target.blockStorage.listBackups({ volumeId, signal }))
    known.set(backup.id, backup);
  return known;
}

/** `restoring`: a restore from it is under way, which does not change it. */
export function isUsable(backup: Backup): boolean {
  return backup.status === 'available' || backup.status === 'restoring';
}

async function importOne(copy: BackupCopy, at: TargetContext, { clock }: Ambient): Promise<void> {
  const cinder = at.target.blockStorage;
  const { signal } = at;
  const wait = {
    operation: 'import backup record',
    subject: copy.backupId,
    stillMs: shortWaitMs,
    hint: 'see cinder-backup’s log in the target region',
  };
  let isAsked = false;
  await waitFor(clock, wait, signal, async () => {
    const now = await cinder.getBackup(copy.backupId, signal);
    if (now !== null && isUsable(now)) {
      requireSame(copy, now);
      return true;
    }
    if (now?.status === 'error') {
      if (isAsked || now.container !== '') throw importFailed(now);
      await cinder.deleteBackup(copy.backupId, signal);
    } else if (now === null && !isAsked) {
      const record = { backupService: swiftDriver, fields: copy.record };
      await cinder.importRecord(record, signal);
      isAsked = true;
    }
    return undefined;
  });
}

function importFailed(backup: Backup): FarshoreError {
  return new FarshoreError(
    `the record’s status is ${backup.status}${backup.failReason === null ? '' : `: ${backup.failReason}`}`,
    {
      code: 'volume.record-unusable',
      kind: 'permanent',
      operation: 'import backup record',
      subject: backup.id,
      hint: 'see cinder-backup’s log in the target region; `cinder backup-reset-state --state available` once its cause is gone',
    },
  );
}

function requireSame(copy: BackupCopy, backup: Backup): void {
  const isSame =
    backup.container === copy.container &&
    backup.sizeGib === copy.sizeGib &&
    backup.isIncremental === copy.incremental;
  if (isSame) return;
  throw new FarshoreError(
    `the secondary has another backup under this id: container ${backup.container}, ${backup.sizeGib} GiB`,
    {
      code: 'volume.record-conflict',
      kind: 'permanent',
      operation: 'import backup record',
      subject: copy.backupId,
      hint: 'delete or rename what was imported by hand',
    },
  );
}
