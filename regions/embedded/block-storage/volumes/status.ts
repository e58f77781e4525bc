import type { Refusal } from '../../http/refusal.ts';
import { notFound } from '../api/find.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';

/** Takes a volume from one of some statuses to another, in one step; else the refusal is thrown. */
export function changeStatus(
  { state }: Cinder,
  id: string,
  step: { readonly from: readonly string[]; readonly to: string },
  refusal: (volume: VolumeRecord) => Refusal,
): Promise<VolumeRecord> {
  return state.exclusive(async () => {
    const volume = await state.volumes.get(id);
    if (volume === undefined) throw notFound.volume(id);
    if (!step.from.includes(volume.status)) throw refusal(volume);
    const changed = {
      ...volume,
      status: step.to,
      previousStatus: volume.status,
      updatedAtMs: state.now(),
    };
    await state.commit([state.volumes.put(id, changed)]);
    return changed;
  });
}
