import type { Ambient } from '../../kernel/ambient.ts';
import type { RestoreOrder, TargetContext } from '../mover.ts';
import type { VolumeCopy } from './types.ts';
import { removeImages } from './recover/check-image.ts';
import { askedVolumes, checkImageName, volumeMemo, volumeName } from './recover/marks.ts';
import { removeVolume } from './recover/scratch-volume.ts';

/**
 * Deletes what a drill made of this copy: the volumes the memo knows, any other that bears the drill's
 * name for it (made by a run that was killed before it could note the id), the image of a check. The
 * records and objects it was restored from are not touched. A restore that is still under way is
 * waited for: Cinder deletes nothing that it is writing.
 */
export async function discardVolume(
  copy: VolumeCopy,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  if (order.mode !== 'drill') return;
  const ids = new Set<string>(askedVolumes(order));
  const memoId = order.memo.get(volumeMemo) ?? '';
  if (memoId !== '') ids.add(memoId);
  const name = volumeName(copy, order);
  for await (const volume of at.target.blockStorage.listVolumes({ name, signal: at.signal }))
    if (volume.name === name) ids.add(volume.id);
  for (const id of ids) await removeVolume(id, at, ambient);
  await removeImages(checkImageName(copy, order), at);
}

/** `volume 5f0c… farshore-drill-…`: everything in the target's Cinder and Glance that bears the mark. */
export async function inventoryVolumes(
  scratch: string,
  at: TargetContext,
): Promise<readonly string[]> {
  const { signal } = at;
  const { blockStorage, images } = at.target;
  const left: string[] = [];
  const note = (what: string, thing: { readonly id: string; readonly name: string }): void => {
    left.push(`${what} ${thing.id} ${thing.name}`);
  };
  for await (const volume of blockStorage.listVolumes({ signal }))
    if (volume.name.startsWith(scratch) || volume.metadata['farshore_scratch'] === scratch)
      note('volume', volume);
  for await (const snapshot of blockStorage.listSnapshots({ signal }))
    if (snapshot.name.startsWith(scratch) || snapshot.metadata['farshore_scratch'] === scratch)
      note('snapshot', snapshot);
  for await (const backup of blockStorage.listBackups({ signal }))
    if (backup.name.startsWith(scratch)) note('backup', backup);
  for await (const image of images.list({ signal }))
    if (image.name.startsWith(`${scratch}-check-`)) note('image', image);
  return left;
}
