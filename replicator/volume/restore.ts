/**
 * A volume of the secondary with the copy's content, from nothing but the copy, the bank and the
 * secondary's own Cinder.
 *
 * Order: what Cinder will read is counted first (it would restore a damaged chunk without a word, and
 * a missing record or a stray object stops it half way) → the volume is made and noted → the restore
 * is noted, then asked → its end is noted → names and metadata, which Cinder's restore overwrote. Killed
 * before the end was noted: Cinder's own note on the volume tells it; where there is none, as after an
 * interrupted or refused restore, the volume is deleted and a new one made.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Volume } from '../../regions/block-storage/types.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { Restored, RestoreOrder, TargetContext } from '../mover.ts';
import { gib, requireCopyContainer } from './layout/names.ts';
import { catalogRows } from './ship/catalog.ts';
import { listPrefix, pairUp } from './ship/listing.ts';
import { ensureImported } from './ship/record.ts';
import type { BackupCopy, VolumeCopy } from './types.ts';
import { waitFor, wholeVolumeMs } from './wait.ts';
import {
  askedVolumes,
  noteAsked,
  restoredMemo,
  volumeMarks,
  volumeMemo,
  volumeName,
} from './recover/marks.ts';
import { ensureVolume, removeVolume, settled, sizeOf } from './recover/scratch-volume.ts';

export async function restoreVolume(
  copy: VolumeCopy,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<Restored> {
  const last = copy.chain.at(-1);
  if (last === undefined) throw damaged(copy.resource.id, 'the copy names no backup');
  const notes: string[] = [];
  const restoredId = order.memo.get(restoredMemo);
  if (restoredId === undefined || restoredId !== order.memo.get(volumeMemo)) {
    for (const backup of copy.chain) notes.push(...(await requireListed(backup, order, at)));
    await ensureImported(copy.chain, at, ambient);
  }
  const volume = await ensureVolume(copy, order, at);
  if (restoredId !== volume.id) {
    await restoreInto(volume.id, last, order, at, ambient);
    await order.memo.set(restoredMemo, volume.id);
  }
  await setAttributes(volume.id, copy, order, at);
  const { volumeType } = copy.attributes;
  if (copy.targetVolumeType !== volumeType)
    notes.push(
      `volume type ${volumeType ?? 'none'} became ${copy.targetVolumeType ?? 'the default'}`,
    );
  return {
    resource: copy.resource,
    id: volume.id,
    name: volumeName(copy, order),
    bytes: sizeOf(copy) * gib,
    notes,
  };
}

/**
 * Throws unless the secondary lists exactly the backup's objects. A stray one would stop Cinder; in
 * a failover, where nobody can wait, it is deleted (nothing else belongs below this prefix) and noted.
 */
async function requireListed(
  { container, prefix, catalog }: BackupCopy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<string[]> {
  const { signal } = at;
  const store = at.target.objectStore;
  const notes: string[] = [];
  const expected = catalogRows(at.bank, catalog, signal);
  for await (const pair of pairUp(expected, listPrefix(store, container, prefix, signal))) {
    if (pair.state === 'same') continue;
    const { name } = pair.state === 'unexpected' ? pair.found : pair.expected;
    const subject = `${container}/${name}`;
    if (pair.state !== 'unexpected' || order.mode === 'drill')
      throw damaged(subject, `the secondary’s listing shows it ${pair.state}`);
    requireCopyContainer(container, at.target.region, at.sharedSwift);
    await store.delete(container, name, { signal });
    notes.push(`deleted ${subject}: not of this backup, Cinder would not have restored`);
  }
  return notes;
}

/**
 * One restore into one volume, ever. On file back ends a restore that was refused or broke off leaves
 * an empty file, and one onto used bytes does not clear them: whatever is not known to have been
 * restored to its end is deleted, and the next attempt makes a volume of its own.
 */
async function restoreInto(
  volumeId: string,
  last: BackupCopy,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  const before = await settled(volumeId, at, ambient);
  if (before !== null && isRestored(before, last.backupId)) return;
  const isFresh = before?.status === 'available' && !askedVolumes(order).includes(volumeId);
  if (isFresh) {
    await noteAsked(order, volumeId);
    await askRestore(volumeId, last, at, ambient);
    const after = await settled(volumeId, at, ambient);
    if (after?.status === 'available') return;
    await giveUp(after, volumeId, last, order, at, ambient);
  }
  await giveUp(before, volumeId, last, order, at, ambient);
}

async function giveUp(
  found: Volume | null,
  volumeId: string,
  last: BackupCopy,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<never> {
  if (found !== null) await removeVolume(volumeId, at, ambient);
  await order.memo.set(volumeMemo, '');
  const isAsked = askedVolumes(order).includes(volumeId);
  throw new FarshoreError(
    found?.status === 'available'
      ? 'whether the volume was restored to its end is not known'
      : `the volume’s status became ${found?.status ?? 'deleted'}`,
    {
      code: isAsked ? 'volume.restore-failed' : 'volume.create-failed',
      kind: 'transient',
      operation: 'restore volume',
      subject: `${last.backupId} into ${volumeId}`,
      hint: 'the volume was deleted; see the logs of cinder-volume and cinder-backup in the target region',
    },
  );
}

/**
 * Cinder notes on a volume that it restored to the end which backup, of another volume, is in it
 * (`restore_backup` in cinder/backup/manager.py).
 */
function isRestored({ status, metadata }: Volume, backupId: string): boolean {
  return status === 'available' && metadata['src_backup_id'] === backupId;
}

/** Cinder restores a backup into one volume at a time: waits for its turn. */
async function askRestore(
  volumeId: string,
  { backupId, sizeGib }: BackupCopy,
  at: TargetContext,
  { clock }: Ambient,
): Promise<void> {
  const cinder = at.target.blockStorage;
  const wait = {
    operation: 'wait for another restore from backup',
    subject: backupId,
    stillMs: wholeVolumeMs(sizeGib),
  };
  await waitFor(clock, wait, at.signal, async () => {
    const backup = await cinder.getBackup(backupId, at.signal);
    if (backup?.status === 'restoring') return undefined;
    try {
      await cinder.restoreBackup(backupId, volumeId, at.signal);
      return true;
    } catch (error) {
      const now = hasStatus(error, 400) ? await cinder.getBackup(backupId, at.signal) : null;
      // Somebody else's restore began between the look and the order.
      if (now?.status === 'restoring') return undefined;
      throw error;
    }
  });
}

/** A failover's marks go with this, after the memo knows the id; a drill's stay. */
async function setAttributes(
  volumeId: string,
  copy: VolumeCopy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<void> {
  const cinder = at.target.blockStorage;
  const { description, metadata, imageMetadata, bootable } = copy.attributes;
  const marks = order.mode === 'drill' ? volumeMarks(copy, order) : {};
  await cinder.setImageMetadata(volumeId, imageMetadata, at.signal);
  await cinder.setBootable(volumeId, bootable, at.signal);
  await cinder.updateVolume(
    volumeId,
    { name: volumeName(copy, order), description, metadata: { ...metadata, ...marks } },
    at.signal,
  );
}

function damaged(subject: string, detail: string): FarshoreError {
  return new FarshoreError(detail, {
    code: 'volume.copy-damaged',
    kind: 'permanent',
    operation: 'restore volume',
    subject,
    hint: 'verify the point and restore from an older one',
  });
}
