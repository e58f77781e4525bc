/** The volume that a copy is restored into: made once, found again, never one of Cinder's own making. */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Volume } from '../../../regions/block-storage/types.ts';
import type { RegionContext, RestoreOrder, TargetContext } from '../../mover.ts';
import type { VolumeCopy } from '../types.ts';
import { shortWaitMs, waitFor, warnAfterMs, wholeVolumeMs } from '../wait.ts';
import { askedVolumes, volumeMarks, volumeMemo, volumeName } from './marks.ts';

/**
 * The volume of this order, created unless there is one. Killed between creation and memo, or the
 * answer lost: it is found by its name and marks, which it bears until the restore begins. One that a
 * restore was ordered into before is never taken again.
 */
export async function ensureVolume(
  copy: VolumeCopy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<Volume> {
  const cinder = at.target.blockStorage;
  const memoId = order.memo.get(volumeMemo) ?? '';
  const known = memoId === '' ? null : await cinder.getVolume(memoId, at.signal);
  if (known !== null) return known;
  const volume = (await findMarked(copy, order, at)) ?? (await createVolume(copy, order, at));
  await order.memo.set(volumeMemo, volume.id);
  return volume;
}

async function findMarked(
  copy: VolumeCopy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<Volume | undefined> {
  const name = volumeName(copy, order);
  const asked = askedVolumes(order);
  for await (const volume of at.target.blockStorage.listVolumes({ name, signal: at.signal })) {
    if (asked.includes(volume.id)) continue;
    const { farshore_execution: execution, farshore_volume: source } = volume.metadata;
    if (execution === order.executionId && source === copy.resource.id) return volume;
  }
  return undefined;
}

function createVolume(copy: VolumeCopy, order: RestoreOrder, at: TargetContext): Promise<Volume> {
  const { targetVolumeType, availabilityZone, attributes } = copy;
  return at.target.blockStorage.createVolume(
    {
      name: volumeName(copy, order),
      description: attributes.description,
      sizeGib: sizeOf(copy),
      ...(targetVolumeType === null ? {} : { volumeType: targetVolumeType }),
      ...(availabilityZone === null ? {} : { availabilityZone }),
      metadata: volumeMarks(copy, order),
    },
    at.signal,
  );
}

/** Of the backup that is restored: the volume may have grown since. */
export function sizeOf(copy: VolumeCopy): number {
  return copy.chain.at(-1)?.sizeGib ?? copy.attributes.sizeGib;
}

/**
 * Waits while Cinder is at work on it; resolves to what came of it, null when it is gone. Cinder shows
 * nothing of a restore or an upload before its end: how long it may take follows from the size.
 */
export async function settled(
  volumeId: string,
  at: RegionContext,
  ambient: Ambient,
): Promise<Volume | null> {
  const cinder = at.target.blockStorage;
  const { progress, signal } = at;
  const first = await cinder.getVolume(volumeId, signal);
  if (first === null || !isPassing(first.status)) return first;
  const subject = `volume ${volumeId}`;
  const wait = {
    operation: 'wait for volume',
    subject: volumeId,
    stillMs: wholeVolumeMs(first.sizeGib),
    warning: {
      afterMs: warnAfterMs(first.sizeGib),
      explain: () => explainWork(first, at),
      tell: (reason: string | null): void => {
        if (reason === null) return;
        ambient.log.warn('a volume takes long', { volume: volumeId, reason });
        progress.waiting?.(subject, { text: reason, isStalled: true });
      },
    },
  };
  try {
    const { volume } = await waitFor(ambient.clock, wait, signal, async (sees) => {
      const now = await cinder.getVolume(volumeId, signal);
      if (now === null || !isPassing(now.status)) return { volume: now };
      sees(now.status);
      progress.waiting?.(subject, { text: `Cinder is at work: ${now.status}`, isStalled: false });
      return undefined;
    });
    return volume;
  } finally {
    progress.waiting?.(subject, null);
  }
}

/** Which service to look at, for the operator. */
async function explainWork(volume: Volume, { target, signal }: RegionContext): Promise<string> {
  const { region, blockStorage } = target;
  const isRestore = volume.status === 'restoring-backup';
  const isDown = isRestore && (await blockStorage.isBackupServiceUp(signal)) === false;
  if (isDown)
    return `no cinder-backup is up and enabled in ${region}: start it (openstack volume service list)`;
  const service = isRestore ? 'cinder-backup' : 'cinder-volume';
  return `it is ${volume.status} for longer than a volume of ${volume.sizeGib} GiB usually takes: see the log of ${service} in ${region}`;
}

function isPassing(status: string): boolean {
  return ['creating', 'restoring-backup', 'uploading', 'deleting', 'downloading'].includes(status);
}

/** Deletes it once Cinder lets go of it, and waits until it is gone. */
export async function removeVolume(
  volumeId: string,
  at: RegionContext,
  ambient: Ambient,
): Promise<void> {
  const volume = await settled(volumeId, at, ambient);
  if (volume === null) return;
  const cinder = at.target.blockStorage;
  if (!(await cinder.deleteVolume(volumeId, at.signal))) return;
  const wait = {
    operation: 'wait for deletion of volume',
    subject: volumeId,
    stillMs: shortWaitMs,
  };
  await waitFor(ambient.clock, wait, at.signal, async () => {
    const now = await cinder.getVolume(volumeId, at.signal);
    if (now?.status.startsWith('error') === true)
      throw new FarshoreError(`its status is ${now.status}`, {
        code: 'volume.deletion-failed',
        kind: 'transient',
        operation: 'delete volume',
        subject: volumeId,
        hint: 'see cinder-volume’s log in the target region',
      });
    return now === null ? true : undefined;
  });
}
