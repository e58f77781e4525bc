import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { waitFor } from '../../../kernel/wait.ts';
import type { Backup } from '../../../regions/block-storage/types.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import type { SessionContext } from '../../mover.ts';
import type { VolumeCapture } from '../types.ts';
import { warnAfterMs, wholeVolumeMs } from '../wait.ts';
import { BackupGrowth } from './growth.ts';
import { mendLostStatus, mendVolumeStatus } from './lost-status.ts';
import { abandonBackup, explainStall } from './stalled.ts';

const stalled = 'volume.backup-stalled';
/** Whether it moves is judged by minutes; how far it is costs two listings, whether it is done one small request. */
const lookEveryMs = 10_000;

/**
 * Waits for as long as the backup moves. One that does not is told of within minutes, with its likely
 * cause; after the time that the volume takes at its slowest it is deleted and `volume.backup-stalled`
 * thrown: permanent, since the same would come of it again until somebody has seen to the cause.
 */
export async function finishedBackup(
  backup: Backup,
  capture: VolumeCapture,
  session: SessionContext,
  ambient: Ambient,
): Promise<Backup> {
  const { source, progress, signal } = session;
  const subject = `volume ${capture.resource.name} ${capture.resource.id}`;
  const growth = new BackupGrowth(source.objectStore, backup);
  const tell = (reason: string | null): void => {
    if (reason === null) return;
    const text = `backup ${backup.id} does not move: ${reason}`;
    progress.waiting?.(subject, { text, isStalled: true });
    const { volumeId: volume, id } = backup;
    ambient.log.warn('a backup does not move', { volume, backup: id, reason });
  };
  let written = 0;
  /** A full one writes all the time once it has begun; only before may a driver copy the volume. */
  const silentGib = (): number => (written > 0 && !backup.isIncremental ? 0 : backup.sizeGib);
  const wait = {
    operation: 'back up volume',
    subject: `${capture.resource.name} ${backup.volumeId} as ${backup.id}`,
    get stillMs() {
      return wholeVolumeMs(silentGib());
    },
    code: stalled,
    kind: 'permanent' as const,
    warning: {
      get afterMs() {
        return warnAfterMs(silentGib());
      },
      tell,
      explain: () => explainStall(backup, session),
    },
  };
  let shown = '';
  let nextLookMs = -Infinity;
  const { clock } = ambient;
  try {
    return await waitFor(clock, wait, signal, async (sees) => {
      const now = await source.blockStorage.getBackup(backup.id, signal);
      if (now === null) return { ...backup, status: 'deleted' };
      if (now.status !== 'creating') return now;
      if (clock.monotonicMs() < nextLookMs) return undefined;
      nextLookMs = clock.monotonicMs() + lookEveryMs;
      const { objects, bytes } = await growth.look(now.container, signal);
      written = objects;
      const state = `creating, ${objects} objects written`;
      sees(objects > 0 ? state : `${state}, ${await queueOf(source, signal)}`);
      if (state === shown) return undefined;
      shown = state;
      const text = `Cinder backs it up as ${backup.id}: ${objects} objects, ${bytes} bytes so far`;
      progress.waiting?.(subject, { text, isStalled: false });
      return undefined;
    });
  } catch (error) {
    if (!(error instanceof FarshoreError) || error.code !== stalled) throw error;
    await letGo(backup, capture, session, ambient);
    throw error;
  } finally {
    progress.waiting?.(subject, null);
  }
}

/** So that neither it nor what it was taken from hinders what comes later. */
async function letGo(
  backup: Backup,
  { resource, snapshotId }: VolumeCapture,
  session: SessionContext,
  ambient: Ambient,
): Promise<void> {
  if (!(await abandonBackup(backup, session, ambient))) return;
  try {
    if (snapshotId === null) await mendVolumeStatus(resource.id, session);
    else await mendLostStatus(resource.id, [snapshotId], session, ambient);
  } catch (error) {
    session.signal.throwIfAborted();
    ambient.log.warn('a deleted backup left a status behind', { volume: resource.id, error });
  }
}

/** cinder-backup takes so many at a time: as long as others end, this one may come to its turn. */
async function queueOf({ blockStorage }: ProjectScope, signal: AbortSignal): Promise<string> {
  const queue: Backup[] = [];
  for await (const each of blockStorage.listBackups({ status: 'creating', signal }))
    queue.push(each);
  queue.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
  return `${queue.length} backups under way, the oldest ${queue[0]?.id ?? 'none'}`;
}
