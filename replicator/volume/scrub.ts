/**
 * Reads again every backup that any of the chains names, each once: its record, its listing, and every
 * byte of its objects. By the ids of the backups, and within one by spans of its chunks, so that the base
 * of a large volume is gone on with in its middle.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import { damageOf, Findings } from '../findings.ts';
import type { Scrubbed, TargetContext } from '../mover.ts';
import type { BackupCopy, VolumeCopy } from './types.ts';
import { verifyContent } from './verify/content.ts';
import { verifyListing, verifyRecords } from './verify.ts';

/** Up to 3 GiB of Cinder's usual 50 MB; each span costs a reading of `_metadata`. */
const longestSpan = 64;

interface Backup extends BackupCopy {
  readonly parentId: string | null;
  /** The copies that need it. */
  readonly copies: readonly [VolumeCopy, ...VolumeCopy[]];
}

export async function* scrubVolumes(
  copies: readonly VolumeCopy[],
  after: string,
  at: TargetContext,
  ambient: Ambient,
): AsyncGenerator<Scrubbed<VolumeCopy>> {
  const done = placeOf(after);
  // Short at first, so that the pause between two sessions is long enough for it at any rate.
  let length = 1;
  for (const backup of backupsOf(copies)) {
    const { backupId } = backup;
    if (backupId < done.backupId) continue;
    let from = backupId === done.backupId ? done.chunks : 0;
    for (let chunks = Infinity; from < chunks;) {
      const span = { from, to: from + length };
      const findings = new Findings(backup.copies[0].resource);
      if (from === 0) {
        await verifyRecords([backup], at, findings);
        await verifyListing(backup, at, findings);
      }
      chunks = await verifyContent(backup, span, at, findings, ambient);
      from = span.to < chunks ? span.to : Infinity;
      yield {
        upTo: `${backupId} ${from}`,
        damage: damageOf(backup.copies, findings.result('content')),
      };
      length = Math.min(longestSpan, length * 2);
    }
  }
}

/** `Infinity` is written as such, and read again: all of the backup was read. */
function placeOf(after: string): { readonly backupId: string; readonly chunks: number } {
  const [backupId = '', chunks = '0'] = after.split(' ');
  return { backupId, chunks: Number(chunks) };
}

/** In the order of their ids. What is not the same for two chains is looked at for each. */
function backupsOf(copies: readonly VolumeCopy[]): readonly Backup[] {
  const found = new Map<string, Backup>();
  for (const copy of copies)
    copy.chain.forEach((backup, index) => {
      const parentId = copy.chain[index - 1]?.backupId ?? null;
      const { backupId, container, metadataSha256, sha256FileSha256, catalog } = backup;
      const what = [container, parentId, metadataSha256, sha256FileSha256, catalog.sha256];
      const key = [backupId, ...what].join(' ');
      const known = found.get(key)?.copies;
      const needing: Backup['copies'] = known === undefined ? [copy] : [...known, copy];
      found.set(key, { ...backup, parentId, copies: needing });
    });
  return [...found.keys()].toSorted().flatMap((key) => found.get(key) ?? []);
}
