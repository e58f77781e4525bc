/** The volume that a copy is restored into: made once, found again, never one of Cinder's own making. */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Volume } from '../../../regions/block-storage/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import type { VolumeCopy } from '../types.ts';
import { shortWaitMs, waitFor } from '../wait.ts';
import { volumeMarks, volumeMemo, volumeName } from './marks.ts';

/**
 * The volume of this order, created unless there is one. Killed between creation and memo, or the
 * answer lost: it is found by its name and marks, which it bears until the restore begins.
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
  for await (const volume of at.target.blockStorage.listVolumes({ name, signal: at.signal })) {
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

/** Waits while Cinder is at work on it; resolves to what came of it, null when it is gone. */
export async function settled(
  volumeId: string,
  timeoutMs: number,
  at: TargetContext,
  { clock }: Ambient,
): Promise<Volume | null> {
  const wait = { operation: 'wait for volume', subject: volumeId, timeoutMs };
  const { volume } = await waitFor(clock, wait, at.signal, async () => {
    const now = await at.target.blockStorage.getVolume(volumeId, at.signal);
    return now !== null && isPassing(now.status) ? undefined : { volume: now };
  });
  return volume;
}

function isPassing(status: string): boolean {
  return ['creating', 'restoring-backup', 'uploading', 'deleting', 'downloading'].includes(status);
}

/** Deletes it once Cinder lets go of it, and waits until it is gone. */
export async function removeVolume(
  volumeId: string,
  timeoutMs: number,
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  const volume = await settled(volumeId, timeoutMs, at, ambient);
  if (volume === null) return;
  const cinder = at.target.blockStorage;
  if (!(await cinder.deleteVolume(volumeId, at.signal))) return;
  const wait = {
    operation: 'wait for deletion of volume',
    subject: volumeId,
    timeoutMs: shortWaitMs,
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
