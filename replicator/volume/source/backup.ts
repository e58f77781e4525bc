/**
 * The session's Cinder backup of one volume in the primary.
 *
 * Killed while it is made, or the answer to the order lost: it is found again by its name. Failed:
 * deleted, and made once more as a full one. Cinder chooses an incremental's parent by itself (the
 * newest `data_timestamp` of the volume's backups), so the parent that it took is read from the
 * record afterwards; one that is not the last of our chain makes the backup worthless, and a full one
 * takes its place.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Backup, BackupRecord } from '../../../regions/block-storage/types.ts';
import type { SessionContext } from '../../mover.ts';
import type { BackupCopy, VolumeCapture } from '../types.ts';
import { shortWaitMs, waitFor } from '../wait.ts';
import { finishedBackup } from './finished-backup.ts';
import { mendLostStatus, reportIntervalMs } from './lost-status.ts';
import type { SourceContext } from './source-context.ts';
import { backupDescription, isGroupsBackup, sessionName } from './marks.ts';
import { maxIncrementals } from '../options.ts';

export interface SourceBackup {
  readonly backup: Backup;
  readonly record: BackupRecord;
}

/**
 * `chain` is what an incremental may build on; empty for a full one. `there` are the volume's backups as
 * they were listed just now; which parent Cinder takes is read from the record in any case. Throws the
 * transient `volume.backup-failed` when a full backup failed too.
 */
export async function ensureBackup(
  capture: VolumeCapture,
  chain: readonly BackupCopy[],
  there: readonly Backup[],
  session: SessionContext,
  ambient: Ambient,
): Promise<SourceBackup> {
  const cinder = session.source.blockStorage;
  const first =
    ownOf(there, session) ??
    (await createBackup(capture, isBaseUsable(capture, chain, there, session), session));
  const made = await finishedBackup(first, capture, session, ambient);
  if (made.status === 'available') {
    const record = await cinder.exportRecord(made.id, session.signal);
    const parentId = record.fields['parent_id'] ?? null;
    if (parentId === null || parentId === chain.at(-1)?.backupId) return { backup: made, record };
    ambient.log.info('the backup builds on one that is not ours, making a full one', {
      volume: capture.resource.id,
      backup: made.id,
    });
  } else {
    ambient.log.warn('the backup failed, making a full one', {
      volume: capture.resource.id,
      backup: made.id,
      status: made.status,
      reason: made.failReason,
    });
    if (await mendSnapshot(capture, session, ambient))
      await ambient.clock.sleep(reportIntervalMs, session.signal);
  }
  await removeBackup(made.id, session, ambient);
  const full = await finishedBackup(
    await createBackup(capture, false, session),
    capture,
    session,
    ambient,
  );
  if (full.status !== 'available') {
    await mendSnapshot(capture, session, ambient);
    throw failed(full);
  }
  return { backup: full, record: await cinder.exportRecord(full.id, session.signal) };
}

/** True when the failed backup had left the snapshot's status, and maybe the volume's, wrong. */
async function mendSnapshot(
  { resource, snapshotId }: VolumeCapture,
  session: SessionContext,
  ambient: Ambient,
): Promise<boolean> {
  return snapshotId !== null && mendLostStatus(resource.id, [snapshotId], session, ambient);
}

/** More than one only after a lost answer that took longer than the next look: the first is kept. */
function ownOf(there: readonly Backup[], session: SessionContext): Backup | undefined {
  const name = sessionName(session.sessionId);
  const found = there
    .filter((backup) => backup.name === name && !backup.status.startsWith('delet'))
    .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
  return found.find((backup) => backup.status === 'available') ?? found[0];
}

/** True when the backup that Cinder will take as parent is the last of our chain. */
function isBaseUsable(
  capture: VolumeCapture,
  chain: readonly BackupCopy[],
  there: readonly Backup[],
  session: SessionContext,
): boolean {
  const last = chain.at(-1);
  if (last === undefined || chain.length > maxIncrementals(session)) return false;
  if (last.sizeGib !== capture.attributes.sizeGib) return false;
  let newest: Backup | undefined;
  for (const backup of there)
    if (newest === undefined || backup.dataTimestamp > newest.dataTimestamp) newest = backup;
  return newest?.id === last.backupId && newest.status === 'available';
}

async function createBackup(
  capture: VolumeCapture,
  incremental: boolean,
  session: SessionContext,
): Promise<Backup> {
  const cinder = session.source.blockStorage;
  await assertServiceUp(capture, session);
  const volume = await cinder.getVolume(capture.resource.id, session.signal);
  return cinder.createBackup(
    {
      volumeId: capture.resource.id,
      ...(capture.snapshotId === null ? {} : { snapshotId: capture.snapshotId }),
      name: sessionName(session.sessionId),
      description: backupDescription(session),
      incremental,
      force: volume?.status === 'in-use',
    },
    session.signal,
  );
}

/**
 * Cinder accepts a backup for which no cinder-backup is up and then loses the volume's status, which
 * only an administrator can set again (seen on Zed): so ask first. Who may not ask takes the risk.
 */
async function assertServiceUp(capture: VolumeCapture, session: SessionContext): Promise<void> {
  if ((await session.source.blockStorage.isBackupServiceUp(session.signal)) !== false) return;
  throw new FarshoreError('no cinder-backup is up and enabled in the source region', {
    code: 'volume.no-backup-service',
    kind: 'transient',
    operation: 'back up volume',
    subject: capture.resource.id,
    hint: 'start cinder-backup there (`openstack volume service list` shows it); the session goes on by itself then',
  });
}

/** Deletes it and waits until it is gone; false when there was none. */
export async function removeBackup(
  id: string,
  session: SourceContext,
  { clock }: Ambient,
): Promise<boolean> {
  const cinder = session.source.blockStorage;
  if (!(await cinder.deleteBackup(id, session.signal))) return false;
  const wait = { operation: 'wait for deletion of backup', subject: id, stillMs: shortWaitMs };
  await waitFor(clock, wait, session.signal, async () => {
    const now = await cinder.getBackup(id, session.signal);
    if (now?.status.startsWith('error') === true) throw failed(now);
    return now === null ? true : undefined;
  });
  return true;
}

/**
 * Deletes the group's own backups of the volume that neither the chain nor a session needs,
 * youngest first since Cinder refuses to delete a parent. Left alone, one that a session made and
 * never used would be taken as parent by the next incremental. One that is still being made, or that
 * somebody else's incremental builds on, is left for a later session. Gives all backups of the volume
 * that are there then, whoever's they are.
 */
export async function removeSuperseded(
  volumeId: string,
  isKept: (backup: Backup) => boolean,
  session: SessionContext,
  ambient: Ambient,
): Promise<readonly Backup[]> {
  const cinder = session.source.blockStorage;
  const there = new Map<string, Backup>();
  for await (const backup of cinder.listBackups({ volumeId, signal: session.signal }))
    there.set(backup.id, backup);
  const surplus = [...there.values()]
    .filter((backup) => isGroupsBackup(backup, session) && !isKept(backup))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  for (const { id } of surplus) {
    const now = await cinder.getBackup(id, session.signal);
    const isBusy = now !== null && now.status !== 'available' && now.status !== 'error';
    if (now?.hasDependents === true || isBusy) {
      ambient.log.info('a superseded backup stays for now', { backup: id, status: now.status });
      continue;
    }
    if (now !== null) await removeBackup(id, session, ambient);
    there.delete(id);
  }
  return [...there.values()];
}

function failed(backup: Backup): FarshoreError {
  return new FarshoreError(
    `its status is ${backup.status}${backup.failReason === null ? '' : `: ${backup.failReason}`}`,
    {
      code: 'volume.backup-failed',
      kind: 'transient',
      operation: 'back up volume',
      subject: `${backup.volumeId} as ${backup.id}`,
      hint: 'see cinder-backup’s log in the source region',
    },
  );
}
