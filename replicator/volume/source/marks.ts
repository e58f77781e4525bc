/** Names and marks of what a session makes in the primary: how it is known as ours after a crash. */
import type { Backup, Snapshot } from '../../../regions/block-storage/types.ts';
import type { SessionContext } from '../../mover.ts';

const namePrefix = 'farshore-';

/** Name of the session's snapshot and backup of each volume. */
export function sessionName(sessionId: string): string {
  return `${namePrefix}${sessionId}`;
}

export function snapshotMarks(session: SessionContext): Readonly<Record<string, string>> {
  return { farshore_session: session.sessionId, farshore_group: session.group };
}

/** Backups get their group in the description: their metadata needs a newer API than others ask for. */
export function backupDescription(group: string): string {
  return `Farshore protection group ${group}`;
}

export function isGroupsSnapshot(snapshot: Snapshot, group: string): boolean {
  return snapshot.name.startsWith(namePrefix) && snapshot.metadata['farshore_group'] === group;
}

export function isGroupsBackup(backup: Backup, group: string): boolean {
  return backup.name.startsWith(namePrefix) && backup.description === backupDescription(group);
}
