/**
 * One volume into the secondary: repair what is there, back up what changed, bring it over, make
 * Cinder there know it.
 *
 * Every step first looks at what is there, so a second run after a crash goes through the same steps
 * and finds them done: the backup by its name, the objects in the listing, the record by its id. An
 * unchanged volume gives an incremental without data objects: it is not shipped, the previous chain
 * stands for the new time as well, and `tidy` deletes it.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Backup } from '../../regions/block-storage/types.ts';
import type { Previous, SessionContext } from '../mover.ts';
import { copyContainer, sha256FileName } from './layout/names.ts';
import { ensureBackup, removeSuperseded, type SourceBackup } from './source/backup.ts';
import { sessionName } from './source/marks.ts';
import type { BackupCopy, VolumeCapture, VolumeCopy } from './types.ts';
import { describeBackup, type Description } from './ship/describe.ts';
import { ensureImported, rewriteRecord } from './ship/record.ts';
import { repairChain, type WeighedChain } from './ship/repair.ts';
import { hashObject, sendBackup, sourceObjectMissing } from './ship/send.ts';
import { targetTypeOf } from './options.ts';

export async function shipVolume(
  capture: VolumeCapture,
  previous: Previous<VolumeCopy> | null,
  session: SessionContext,
  ambient: Ambient,
): Promise<VolumeCopy> {
  const base = await repairChain(previous, session, ambient);
  const own = sessionName(session.sessionId);
  const ids = new Set(base.chain.map((copy) => copy.backupId));
  const isKept = ({ id, name }: Backup): boolean => ids.has(id) || name === own;
  const there = await removeSuperseded(capture.resource.id, isKept, session, ambient);
  const made = await ensureBackup(capture, base.chain, there, session, ambient);
  const description = await describeBackup(made.record, session, ambient);
  const isIncremental = typeof made.record.fields['parent_id'] === 'string';
  if (isIncremental && description.chunks === 0) {
    await ensureImported(base.chain, session, ambient);
    return volumeCopy(capture, base, session);
  }
  const onto = isIncremental ? base : emptyChain;
  const grown = await shipBackup(made, description, onto, session, ambient);
  await ensureImported(grown.chain, session, ambient);
  return volumeCopy(capture, grown, session);
}

const emptyChain: WeighedChain = Object.freeze({ chain: [], objects: 0, bytes: 0 });

async function shipBackup(
  { backup, record }: SourceBackup,
  { layout, catalog, metadataSha256 }: Description,
  base: WeighedChain,
  session: SessionContext,
  ambient: Ambient,
): Promise<WeighedChain> {
  const { container, prefix } = layout;
  const to = copyContainer(container, session.target.region, session.sharedSwift);
  const from = (): Promise<string> => Promise.resolve(container);
  const shipment = { prefix, catalog, from, to, damaged: new Set<string>() };
  const sent = await sendBackup(shipment, session, ambient);
  const sha256FileSha256 =
    sent.sha256FileSha256 ??
    (await hashObject(
      session.source.objectStore,
      container,
      sha256FileName(prefix),
      session.signal,
    ));
  if (sha256FileSha256 === null)
    throw new FarshoreError('the primary no longer has its hashes', {
      code: sourceObjectMissing,
      kind: 'permanent',
      operation: 'ship backup',
      subject: `${container}/${sha256FileName(prefix)}`,
    });
  const parentId = base.chain.at(-1)?.backupId ?? null;
  const copy: BackupCopy = {
    backupId: backup.id,
    incremental: parentId !== null,
    container: to,
    prefix,
    sizeGib: backup.sizeGib,
    metadataSha256,
    sha256FileSha256,
    catalog,
    record: rewriteRecord(record, to, parentId, session.target),
  };
  return {
    chain: [...base.chain, copy],
    objects: base.objects + sent.objects,
    bytes: base.bytes + sent.bytes,
  };
}

function volumeCopy(
  capture: VolumeCapture,
  { chain, objects, bytes }: WeighedChain,
  session: SessionContext,
): VolumeCopy {
  const { resource, dataTime, attributes, snapshotId } = capture;
  const type = attributes.volumeType;
  return {
    kind: 'volume',
    format: 1,
    resource,
    dataTime,
    consistency: snapshotId === null ? 'backup' : 'snapshot',
    objects,
    bytes,
    attributes,
    targetVolumeType: type === null ? null : targetTypeOf(type, session),
    availabilityZone: session.availabilityZone ?? null,
    chain,
  };
}
