/**
 * A backup of a snapshot for which Cinder's scheduler knows no cinder-backup (its first report comes
 * up to a minute after either of them started, whatever the list of services says) ends in `error`,
 * and Cinder forgets to undo what it marked (seen on Zed: cinder/scheduler/manager.py,
 * create_backup): the snapshot stays `backing-up`, and the volume gets the status that it had before
 * its last operation of another kind: none at all, `backing-up`, or one that is right by chance.
 * Until somebody resets them, the snapshot cannot be deleted, nor a wrong volume backed up or attached.
 *
 * The proof is a snapshot of the group's own that is `backing-up` with no backup of it under way.
 * Killed in the middle: the snapshot comes last, so the next capture finds it and goes on.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import type { Volume } from '../../../regions/block-storage/types.ts';
import type { SourceContext } from './source-context.ts';

/** How long Cinder's services take at most to report to the scheduler (`periodic_interval`). */
export const reportIntervalMs = 60_000;
/** Longer than Cinder's API takes between a snapshot's mark and the record of its backup. */
const secondLookMs = 5_000;

/** True when a backup had left some of these snapshots of the group so; then all is as before it. */
export async function mendLostStatus(
  volumeId: string,
  snapshotIds: readonly string[],
  session: SourceContext,
  { clock, log }: Ambient,
): Promise<boolean> {
  const cinder = session.source.blockStorage;
  const { signal } = session;
  // A backup may be marked a moment before its record is there: what is stuck stays so.
  if ((await look(snapshotIds, volumeId, session)).stuck.length === 0) return false;
  await clock.sleep(secondLookMs, signal);
  // The volume first: what begins after this look is not taken for something left behind.
  const volume = await cinder.getVolume(volumeId, signal);
  const { stuck, isBackedUp } = await look(snapshotIds, volumeId, session);
  if (stuck.length === 0) return false;
  const status = volume === null ? undefined : trueStatus(volume, isBackedUp);
  log.warn('cinder lost the status of a snapshot, setting it and its volume’s', {
    volume: volumeId,
    snapshots: stuck,
    status,
  });
  if (status !== undefined) await cinder.resetVolumeStatus(volumeId, status, signal);
  for (const id of stuck) await cinder.resetSnapshotStatus(id, 'available', signal);
  return true;
}

/** The same for a volume that was itself backed up, by a backup that is known to be gone. */
export async function mendVolumeStatus(
  volumeId: string,
  { source, signal }: SourceContext,
): Promise<void> {
  const cinder = source.blockStorage;
  const volume = await cinder.getVolume(volumeId, signal);
  if (volume?.status !== 'backing-up') return;
  for await (const { volumeId: other } of cinder.listBackups({ status: 'creating', signal }))
    if (other === volumeId) return;
  const status = volume.isAttached ? 'in-use' : 'available';
  await cinder.resetVolumeStatus(volumeId, status, signal);
}

/** Which of these are `backing-up` with no backup of them under way, and whether any of the volume is. */
async function look(
  snapshotIds: readonly string[],
  volumeId: string,
  { source, signal }: SourceContext,
): Promise<{ readonly stuck: readonly string[]; readonly isBackedUp: boolean }> {
  const cinder = source.blockStorage;
  const underWay = new Set<string | null>();
  for await (const backup of cinder.listBackups({ volumeId, signal }))
    if (backup.status === 'creating') underWay.add(backup.snapshotId);
  const stuck: string[] = [];
  for (const id of snapshotIds) {
    const isMarked = (await cinder.getSnapshot(id, signal))?.status === 'backing-up';
    if (isMarked && !underWay.has(id)) stuck.push(id);
  }
  return { stuck, isBackedUp: underWay.size > 0 };
}

/** What the volume's status has to be; undefined when it is so, or may be what goes on just now. */
function trueStatus(volume: Volume, isBackedUp: boolean): 'available' | 'in-use' | undefined {
  const status = volume.isAttached ? 'in-use' : 'available';
  const isLeft =
    ['unknown', 'available', 'in-use'].includes(volume.status) ||
    (volume.status === 'backing-up' && !isBackedUp);
  return isLeft && volume.status !== status ? status : undefined;
}
