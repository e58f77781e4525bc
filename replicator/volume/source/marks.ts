/**
 * Names and marks of what a session makes in the primary: how it is known as ours after a crash, and to
 * which installation and group it belongs when no session tidies it any more.
 */
import type { Backup, Snapshot } from '../../../regions/block-storage/types.ts';
import type { SessionContext } from '../../mover.ts';

const namePrefix = 'farshore-';

/** Who made something. */
export interface Owner {
  readonly installation: string;
  readonly group: string;
}

/** What every context says of that. */
type By = Pick<SessionContext, 'bank' | 'group'>;

/** Name of the session's snapshot and backup of each volume. */
export function sessionName(sessionId: string): string {
  return `${namePrefix}${sessionId}`;
}

export function snapshotMarks({
  sessionId,
  group,
  bank,
}: SessionContext): Readonly<Record<string, string>> {
  return {
    farshore_session: sessionId,
    farshore_group: group,
    farshore_installation: bank.installation,
  };
}

/** Backups bear their owner in the description: their metadata needs a newer API than others ask for. */
export function backupDescription({ group, bank }: By): string {
  return `Farshore protection group ${group} of installation ${bank.installation}`;
}

const description = /^Farshore protection group (\S+) of installation (\S+)$/;

/** Null for what Farshore did not make. */
export function ownerOfSnapshot({ name, metadata }: Snapshot): Owner | null {
  const { farshore_group: group, farshore_installation: installation } = metadata;
  if (!name.startsWith(namePrefix) || group === undefined || installation === undefined)
    return null;
  return { group, installation };
}

export function ownerOfBackup(backup: Backup): Owner | null {
  const [, group, installation] = description.exec(backup.description) ?? [];
  if (!backup.name.startsWith(namePrefix) || group === undefined || installation === undefined)
    return null;
  return { group, installation };
}

export function isGroupsSnapshot(snapshot: Snapshot, by: By): boolean {
  return isOf(ownerOfSnapshot(snapshot), by);
}

export function isGroupsBackup(backup: Backup, by: By): boolean {
  return isOf(ownerOfBackup(backup), by);
}

/** Of this installation, or of one whose bank was taken over. */
function isOf(owner: Owner | null, { group, bank }: By): boolean {
  if (owner?.group !== group) return false;
  return owner.installation === bank.installation || bank.former.includes(owner.installation);
}
