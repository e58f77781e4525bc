/**
 * A backup that does not move: why, as far as can be found out, and what becomes of it. Cinder leaves
 * one `creating` for ever when its worker died in the middle or hangs, and every later backup of the
 * volume is hindered by it and by its snapshot. So it is deleted by force, which also ends its making
 * where that still goes on, and the snapshot is set right. Killed in between: the group's next session
 * finds both by their names.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import { describeError } from '../../../kernel/errors.ts';
import type { Backup } from '../../../regions/block-storage/types.ts';
import type { SessionContext } from '../../mover.ts';
import { mendVolumeStatus } from './lost-status.ts';
import { isGroupsBackup, sessionName } from './marks.ts';
import type { SourceContext } from './source-context.ts';
import { minuteMs, waitFor } from '../wait.ts';

/** How many of the volume's other snapshots are named. */
const named = 3;
/** For the deletion of a record and of the few objects there are. */
const deletionMs = 5 * minuteMs;

/** The likely cause and what to do, for the operator; never throws but on abort. */
export async function explainStall(backup: Backup, at: SourceContext): Promise<string> {
  const { source, signal } = at;
  try {
    return await findCause(backup, at);
  } catch (error) {
    signal.throwIfAborted();
    return `the cause could not be asked for (${describeError(error)}); see cinder-backup’s log in ${source.region} for ${backup.id}`;
  }
}

async function findCause(backup: Backup, { source, signal }: SourceContext): Promise<string> {
  const cinder = source.blockStorage;
  if ((await cinder.isBackupServiceUp(signal)) === false)
    return `no cinder-backup is up and enabled in ${source.region}: start it (openstack volume service list)`;
  const others: string[] = [];
  for await (const snapshot of cinder.listSnapshots({ volumeId: backup.volumeId, signal }))
    if (snapshot.id !== backup.snapshotId) others.push(`${snapshot.id} (${snapshot.name})`);
  if (others.length > 0)
    return `the volume has other snapshots: ${shown(others)}; file back ends (NFS) cannot back up a volume that has, delete them: openstack volume snapshot delete <id>`;
  const queue = await collect(cinder.listBackups({ status: 'creating', signal }), backup.id);
  if (queue.length > 0)
    return `cinder-backup in ${source.region} is up and ${queue.length} more backups of the project are under way or wait: ${shown(queue)}; see its log`;
  return `cinder-backup in ${source.region} is up but at work on nothing of it: see its log for ${backup.id}, and restart it`;
}

async function collect(backups: AsyncIterable<Backup>, own: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of backups) if (id !== own) ids.push(id);
  return ids;
}

function shown(list: readonly string[]): string {
  const more = list.length - named;
  return `${list.slice(0, named).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * Deletes a backup that is still `creating`, and waits until it is gone. What fails is logged, not
 * thrown: it is done on the way out, and tried again by the next session.
 */
export async function abandonBackup(
  backup: Backup,
  at: SourceContext,
  { clock, log }: Ambient,
): Promise<boolean> {
  const cinder = at.source.blockStorage;
  const { signal } = at;
  const wait = {
    operation: 'wait for deletion of backup',
    subject: backup.id,
    stillMs: deletionMs,
  };
  try {
    await cinder.forceDeleteBackup(backup.id, signal);
    await waitFor(clock, wait, signal, async (sees) => {
      const now = await cinder.getBackup(backup.id, signal);
      sees(now?.status ?? 'gone');
      return now === null ? true : undefined;
    });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    log.warn('a backup that does not move could not be deleted', { backup: backup.id, error });
    return false;
  }
}

/**
 * Abandons what an earlier session of the group left in the making: only one session of a group is at
 * work at a time, so nobody waits for it, and it hinders everything else with the volume.
 */
export async function abandonOrphans(
  volumeId: string,
  session: SessionContext,
  ambient: Ambient,
): Promise<void> {
  const { source, signal } = session;
  const own = sessionName(session.sessionId);
  const orphans: Backup[] = [];
  for await (const backup of source.blockStorage.listBackups({
    status: 'creating',
    volumeId,
    signal,
  }))
    if (isGroupsBackup(backup, session) && backup.name !== own) orphans.push(backup);
  for (const backup of orphans)
    if ((await abandonBackup(backup, session, ambient)) && backup.snapshotId === null)
      await mendVolumeStatus(volumeId, session);
}
