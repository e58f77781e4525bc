/**
 * Leaves in the primary only what the next incremental needs. Snapshots of earlier sessions that were
 * broken off go too: only one session of a group is at work at a time. Killed: the next session's
 * tidy finds the rest by the same names.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import type { Snapshot } from '../../regions/block-storage/types.ts';
import type { SessionContext } from '../mover.ts';
import type { VolumeCopy } from './types.ts';
import { shortWaitMs, waitFor } from './wait.ts';
import { removeSuperseded } from './source/backup.ts';
import { isGroupsSnapshot } from './source/marks.ts';
import type { SourceContext } from './source/source-context.ts';

export async function tidyVolume(
  copy: VolumeCopy,
  session: SessionContext,
  ambient: Ambient,
): Promise<void> {
  const volumeId = copy.resource.id;
  const ids = new Set(copy.chain.map(({ backupId }) => backupId));
  // The backup of a snapshot is done with it: neither deletion waits for the other.
  const done = await Promise.allSettled([
    removeSuperseded(volumeId, ({ id }) => ids.has(id), session, ambient),
    groupsSnapshots(volumeId, session).then((found) => removeSnapshots(found, session, ambient)),
  ]);
  for (const each of done) if (each.status === 'rejected') throw each.reason;
}

export async function groupsSnapshots(
  volumeId: string,
  session: SessionContext,
): Promise<Snapshot[]> {
  const { source, signal } = session;
  const found: Snapshot[] = [];
  for await (const snapshot of source.blockStorage.listSnapshots({ volumeId, signal }))
    if (isGroupsSnapshot(snapshot, session)) found.push(snapshot);
  return found;
}

/**
 * Deletes these snapshots of the group's and waits until they are gone: some drivers cannot back up a
 * second snapshot while the first is there.
 */
export async function removeSnapshots(
  snapshots: readonly Snapshot[],
  session: SourceContext,
  ambient: Ambient,
): Promise<void> {
  const cinder = session.source.blockStorage;
  const { signal } = session;
  for (const { id } of snapshots) {
    const wait = {
      operation: 'wait for deletion of snapshot',
      subject: id,
      stillMs: shortWaitMs,
    };
    let isAsked = false;
    // `backing-up` and `deleting` pass; a snapshot in them cannot be deleted yet.
    await waitFor(ambient.clock, wait, signal, async () => {
      const now = await cinder.getSnapshot(id, signal);
      if (now === null) return true;
      const isAskable = now.status === 'available' || now.status.startsWith('error');
      if (isAskable && isAsked) return true;
      if (isAskable) isAsked = await cinder.deleteSnapshot(id, signal);
      return undefined;
    });
  }
}
