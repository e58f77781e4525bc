/**
 * Deletes the backups of the secondary that no kept copy's chain names, through Cinder there, which
 * deletes their objects, children first; then looks whether the objects are gone.
 *
 * Killed anywhere, or an answer lost: called again, it finds the records gone and deletes what is left
 * below their prefixes. A backup that a kept chain names is never touched, whatever `dropped` says.
 * With one Swift under both regions nothing is deleted in a container that is not the copies' own.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { TargetContext } from '../mover.ts';
import { requireCopyContainer, requireOwnPrefix } from './layout/names.ts';
import { listPrefix } from './ship/listing.ts';
import type { BackupCopy, VolumeCopy } from './types.ts';
import { shortWaitMs, waitFor, wholeVolumeMs } from './wait.ts';

export async function expireVolumes(
  dropped: readonly VolumeCopy[],
  kept: readonly VolumeCopy[],
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  for (const backup of unneeded(dropped, kept)) {
    requireOwnPrefix(backup.prefix, backup.backupId);
    requireCopyContainer(backup.container, at.target.region, at.sharedSwift);
    await removeBackup(backup, at, ambient);
    await removeObjects(backup, at);
  }
}

/** Deepest in their chains first, so that no parent is deleted before its children. */
export function unneeded(
  dropped: readonly VolumeCopy[],
  kept: readonly VolumeCopy[],
): readonly BackupCopy[] {
  const needed = new Set(kept.flatMap(({ chain }) => chain.map(({ backupId }) => backupId)));
  const surplus = new Map<string, { readonly backup: BackupCopy; readonly depth: number }>();
  for (const { chain } of dropped)
    chain.forEach((backup, depth) => {
      if (!needed.has(backup.backupId)) surplus.set(backup.backupId, { backup, depth });
    });
  return [...surplus.values()].sort((a, b) => b.depth - a.depth).map(({ backup }) => backup);
}

/**
 * Cinder gives up at the first object of its listing that is not there, as when one was damaged: then
 * the others are deleted here, and Cinder is asked once more for the record alone.
 */
async function removeBackup(
  backup: BackupCopy,
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  if ((await deleteByCinder(backup, at, ambient)) === 'gone') return;
  await removeObjects(backup, at);
  if ((await deleteByCinder(backup, at, ambient)) === 'gone') return;
  throw new FarshoreError('Cinder ended its deletion with an error, twice', {
    code: 'volume.deletion-failed',
    kind: 'transient',
    operation: 'delete backup',
    subject: backup.backupId,
    hint: 'see cinder-backup’s log in the target region',
  });
}

async function deleteByCinder(
  { backupId: id, sizeGib }: BackupCopy,
  at: TargetContext,
  { clock }: Ambient,
): Promise<'gone' | 'error'> {
  const cinder = at.target.blockStorage;
  const turn = {
    operation: 'wait for a restore from backup',
    subject: id,
    stillMs: wholeVolumeMs(sizeGib),
  };
  const isThere = await waitFor(clock, turn, at.signal, async () => {
    const now = await cinder.getBackup(id, at.signal);
    return now?.status === 'restoring' ? undefined : now !== null;
  });
  if (!isThere) return 'gone';
  await cinder.deleteBackup(id, at.signal);
  const wait = { operation: 'wait for deletion of backup', subject: id, stillMs: shortWaitMs };
  return waitFor(clock, wait, at.signal, async () => {
    const now = await cinder.getBackup(id, at.signal);
    if (now === null) return 'gone';
    return now.status.startsWith('error') ? 'error' : undefined;
  });
}

/** What Cinder left: it deletes by a listing that may lag, and nothing where the record was gone. */
async function removeObjects({ container, prefix }: BackupCopy, at: TargetContext): Promise<void> {
  const store = at.target.objectStore;
  const { signal } = at;
  for await (const { name } of listPrefix(store, container, prefix, signal))
    await store.delete(container, name, { signal });
}
