import { Refusal } from '../../http/refusal.ts';
import { notFound } from '../api/find.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { all } from '../state/state.ts';

const deletable = ['available', 'error', 'error_restoring', 'error_extending', 'error_managing'];

export interface Deletion {
  /** Its snapshots with it. */
  readonly isCascade: boolean;
  /** Whatever its status. */
  readonly isForced: boolean;
}

/** Accepts the deletion (`deleting`) or throws 400. */
export async function deleteVolume(
  cinder: Cinder,
  id: string,
  { isCascade, isForced }: Deletion,
): Promise<void> {
  const { state } = cinder;
  await state.exclusive(async () => {
    const volume = await state.volumes.get(id);
    if (volume === undefined) throw notFound.volume(id);
    const snapshots = await all(state.snapshots, ({ volumeId }) => volumeId === id);
    const isInTheWay = isCascade
      ? !isForced &&
        snapshots.some(({ status }) => !['available', 'error', 'deleting'].includes(status))
      : snapshots.length > 0;
    if (isInTheWay || !isFree(volume, isForced)) throw refusal(isForced);
    const change = { status: 'deleting', updatedAtMs: state.now() };
    await state.commit([
      state.volumes.put(id, { ...volume, ...change }),
      ...snapshots.map((each) => state.snapshots.put(each.id, { ...each, ...change })),
    ]);
  });
  startDeletion(cinder, id);
}

/** Also of what was being deleted when the process ended. */
export function startDeletion({ state, disks, jobs }: Cinder, id: string): void {
  jobs.start(id, async () => {
    const snapshots = await all(state.snapshots, ({ volumeId }) => volumeId === id);
    const attachments = await all(state.attachments, ({ volumeId }) => volumeId === id);
    for (const each of [id, ...snapshots.map((snapshot) => snapshot.id)]) await disks.remove(each);
    await state.exclusive(() =>
      state.commit([
        state.volumes.del(id),
        ...snapshots.map((each) => state.snapshots.del(each.id)),
        ...attachments.map((each) => state.attachments.del(each.id)),
      ]),
    );
  });
}

function isFree(volume: VolumeRecord, isForced: boolean): boolean {
  return volume.attachStatus !== 'attached' && (isForced || deletable.includes(volume.status));
}

function refusal(isForced: boolean): Refusal {
  const status = isForced ? '' : `status must be ${deletable.join(' or ')} and `;
  return new Refusal(
    400,
    `Invalid volume: Volume ${status}must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.`,
  );
}
