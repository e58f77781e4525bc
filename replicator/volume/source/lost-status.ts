/**
 * A backup of a snapshot for which Cinder's scheduler knows no cinder-backup (its first report comes
 * up to a minute after either of them started, whatever the list of services says) ends in `error`,
 * and Cinder forgets to undo what it marked: the snapshot stays `backing-up` and the volume is left
 * with no status at all (seen on Zed: cinder/scheduler/manager.py, create_backup). Until somebody
 * resets them, neither can be backed up, deleted or attached.
 *
 * No status at all is the proof: nothing under way leaves a volume like that. Killed in the middle:
 * the volume comes last, so the next capture finds it and goes on.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import type { SessionContext } from '../../mover.ts';
import { isGroupsSnapshot } from './marks.ts';

/** How long Cinder's services take at most to report to the scheduler (`periodic_interval`). */
export const reportIntervalMs = 60_000;

/** True when a backup of the group's own had left it so; then both are as before it. */
export async function mendLostStatus(
  volumeId: string,
  session: SessionContext,
  { log }: Ambient,
): Promise<boolean> {
  const cinder = session.source.blockStorage;
  const { signal } = session;
  const volume = await cinder.getVolume(volumeId, signal);
  if (volume?.status !== 'unknown') return false;
  const stuck: string[] = [];
  for await (const snapshot of cinder.listSnapshots({ volumeId, signal }))
    if (snapshot.status === 'backing-up' && isGroupsSnapshot(snapshot, session.group))
      stuck.push(snapshot.id);
  if (stuck.length === 0) return false;
  const status = volume.isAttached ? 'in-use' : 'available';
  log.warn('cinder lost the status of a volume and its snapshot, setting both', {
    volume: volumeId,
    snapshots: stuck,
    status,
  });
  for (const id of stuck) await cinder.resetSnapshotStatus(id, 'available', signal);
  await cinder.resetVolumeStatus(volumeId, status, signal);
  return true;
}
