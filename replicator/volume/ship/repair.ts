/**
 * The chain of the newest point, made whole again in the secondary where the primary still holds what
 * is needed. A chain that cannot be repaired is given up for new points (the next backup is a full
 * one); the points that name it stay as they are, damaged.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { BackupRecord } from '../../../regions/block-storage/types.ts';
import type { Previous, SessionContext } from '../../mover.ts';
import type { BackupCopy, VolumeCopy } from '../types.ts';
import { isCatalogLost } from './catalog.ts';
import { describeBackup, layoutOf } from './describe.ts';
import { sendBackup, sourceObjectMissing, type Sent } from './send.ts';

export interface WeighedChain {
  /** Oldest first; empty when there is none to build on. */
  readonly chain: readonly BackupCopy[];
  readonly objects: number;
  readonly bytes: number;
}

export async function repairChain(
  previous: Previous<VolumeCopy> | null,
  session: SessionContext,
  ambient: Ambient,
): Promise<WeighedChain> {
  const chain: BackupCopy[] = [];
  let objects = 0;
  let bytes = 0;
  for (const copy of previous?.copy.chain ?? []) {
    const damaged = damagedObjects(copy, previous);
    try {
      const repaired = await repairBackup(copy, damaged, session, ambient);
      chain.push(repaired.copy);
      objects += repaired.sent.objects;
      bytes += repaired.sent.bytes;
    } catch (error) {
      if (!(error instanceof FarshoreError) || error.code !== sourceObjectMissing) throw error;
      ambient.log.warn('the chain cannot be repaired, a full backup will begin a new one', {
        volume: previous?.copy.resource.id,
        backup: copy.backupId,
        subject: error.subject,
      });
      return { chain: [], objects: 0, bytes: 0 };
    }
  }
  return { chain, objects, bytes };
}

function damagedObjects(
  copy: BackupCopy,
  previous: Previous<VolumeCopy> | null,
): ReadonlySet<string> {
  const below = `${copy.container}/${copy.prefix}`;
  const subjects = (previous?.damage ?? []).map((finding) => finding.subject);
  return new Set(
    subjects
      .filter((subject) => subject.startsWith(below))
      .map((subject) => subject.slice(copy.container.length + 1)),
  );
}

async function repairBackup(
  copy: BackupCopy,
  damaged: ReadonlySet<string>,
  session: SessionContext,
  ambient: Ambient,
): Promise<{ readonly copy: BackupCopy; readonly sent: Sent }> {
  const find = async (): Promise<BackupRecord> => {
    const cinder = session.source.blockStorage;
    const source = await cinder.getBackup(copy.backupId, session.signal);
    if (source?.status !== 'available') throw gone(copy);
    return cinder.exportRecord(copy.backupId, session.signal);
  };
  let found: Promise<BackupRecord> | undefined;
  const shipment = {
    prefix: copy.prefix,
    to: copy.container,
    damaged,
    from: async () => layoutOf(await (found ??= find())).container,
  };
  try {
    const { catalog } = copy;
    return { copy, sent: await sendBackup({ ...shipment, catalog }, session, ambient) };
  } catch (error) {
    if (!isCatalogLost(error)) throw error;
    const { catalog } = await describeBackup(await (found ??= find()), session, ambient);
    const sent = await sendBackup({ ...shipment, catalog }, session, ambient);
    return { copy: { ...copy, catalog }, sent };
  }
}

function gone(copy: BackupCopy): FarshoreError {
  return new FarshoreError('the primary no longer has this backup', {
    code: sourceObjectMissing,
    kind: 'permanent',
    operation: 'repair backup',
    subject: copy.backupId,
  });
}
