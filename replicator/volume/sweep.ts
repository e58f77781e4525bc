/**
 * What Farshore left in a primary that no session will tidy any more: snapshots and backups of a session
 * that a failover broke off, or of a group that was deleted. Found by the marks that they bear, so nothing
 * of another installation's or of a user's is touched. Killed anywhere, or called twice at once: the next
 * call finds the rest. Backups first, since a snapshot cannot be deleted while it is backed up.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import type { Backup, Snapshot } from '../../regions/block-storage/types.ts';
import type { SourceSweep, Swept } from '../mover.ts';
import { removeBackup } from './source/backup.ts';
import { mendLostStatus, mendVolumeStatus } from './source/lost-status.ts';
import { ownerOfBackup, ownerOfSnapshot } from './source/marks.ts';
import { abandonBackup } from './source/stalled.ts';
import { Sweeping } from './sweeping.ts';
import { removeSnapshots } from './tidy.ts';

export async function sweepVolumes(sweep: SourceSweep, ambient: Ambient): Promise<Swept> {
  const sweeping = new Sweeping(ambient, sweep.signal, 'not swept from the primary');
  for (const backup of await surplusBackups(sweep))
    await sweeping.attempt(`backup ${backup.id}`, () => sweepBackup(backup, sweep, ambient));
  for (const snapshot of await surplusSnapshots(sweep))
    await sweeping.attempt(`snapshot ${snapshot.id}`, () =>
      sweepSnapshot(snapshot, sweep, ambient),
    );
  return sweeping.swept;
}

/** Youngest first: Cinder keeps a backup that an incremental builds on. */
async function surplusBackups(sweep: SourceSweep): Promise<readonly Backup[]> {
  const { installation, needs, source, signal } = sweep;
  const listed: Backup[] = [];
  for await (const backup of source.blockStorage.listBackups({ signal })) {
    if (ownerOfBackup(backup)?.installation === installation) listed.push(backup);
  }
  const found: Backup[] = [];
  for (const backup of listed) {
    const needed = await needs(ownerOfBackup(backup)?.group ?? '');
    const isBase = needed === 'base' && backup.status === 'available';
    if (needed !== 'all' && !isBase) found.push(backup);
  }
  return found.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

async function surplusSnapshots(sweep: SourceSweep): Promise<readonly Snapshot[]> {
  const { installation, needs, source, signal } = sweep;
  const listed: Snapshot[] = [];
  for await (const snapshot of source.blockStorage.listSnapshots({ signal }))
    if (ownerOfSnapshot(snapshot)?.installation === installation) listed.push(snapshot);
  const found: Snapshot[] = [];
  for (const snapshot of listed)
    if ((await needs(ownerOfSnapshot(snapshot)?.group ?? '')) !== 'all') found.push(snapshot);
  return found;
}

/** False for one that somebody else's incremental builds on: it goes with that. */
async function sweepBackup({ id }: Backup, sweep: SourceSweep, ambient: Ambient): Promise<boolean> {
  const now = await sweep.source.blockStorage.getBackup(id, sweep.signal);
  if (now === null) return true;
  if (now.hasDependents) return false;
  if (now.status !== 'creating') {
    await removeBackup(id, sweep, ambient);
    return true;
  }
  if (!(await abandonBackup(now, sweep, ambient))) return false;
  if (now.snapshotId === null) await mendVolumeStatus(now.volumeId, sweep);
  return true;
}

async function sweepSnapshot(
  snapshot: Snapshot,
  sweep: SourceSweep,
  ambient: Ambient,
): Promise<boolean> {
  if (snapshot.status === 'backing-up')
    await mendLostStatus(snapshot.volumeId, [snapshot.id], sweep, ambient);
  await removeSnapshots([snapshot], sweep, ambient);
  return (await sweep.source.blockStorage.getSnapshot(snapshot.id, sweep.signal)) === null;
}
