import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { notFound } from '../api/find.ts';
import { Input } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import { requireRoom, requireSize } from '../state/quotas.ts';
import type { VolumeRecord } from '../state/records.ts';

/** `os-extend`: takes the quota, then grows the disk in the background (`extending`). */
export async function extend(
  cinder: Cinder,
  request: ApiRequest,
  { id }: VolumeRecord,
  body: unknown,
): Promise<Reply> {
  const { state, disks, jobs } = cinder;
  const newSize = new Input('os-extend', body, ['new_size']).require('new_size').size('new_size');
  const before = await state.exclusive(async () => {
    const volume = await state.volumes.get(id);
    if (volume === undefined) throw notFound.volume(id);
    requireExtensible(request, volume, newSize ?? 0);
    const { projectId, typeId, status } = volume;
    await requireSize(state, projectId, newSize ?? 0);
    const sizeGib = (newSize ?? 0) - volume.sizeGib;
    await requireRoom(state, projectId, { kind: 'volumes', count: 0, sizeGib, typeId });
    const change = { status: 'extending', previousStatus: status, updatedAtMs: state.now() };
    await state.commit([state.volumes.put(id, { ...volume, ...change })]);
    return volume;
  });
  const sizeGib = newSize ?? before.sizeGib;
  jobs.start(id, async () => {
    try {
      await disks.grow(id, sizeGib);
      await state.update(state.volumes, id, () => ({ status: before.status, sizeGib }));
    } catch (error) {
      cinder.ambient.log.warn('volume not extended', { volume: id, error: String(error) });
      await state.update(state.volumes, id, () => ({ status: 'error_extending' }));
    }
  });
  return { status: 202 };
}

function requireExtensible(request: ApiRequest, volume: VolumeRecord, newSize: number): void {
  const { id, status, sizeGib } = volume;
  if (newSize <= sizeGib)
    throw new Refusal(
      400,
      `Invalid input received: New size for extend must be greater than current size. (current: ${sizeGib}, extended: ${newSize}).`,
    );
  // From 3.42 on a volume may grow while it is in use.
  if (status === 'available' || (status === 'in-use' && request.minor >= 42)) return;
  throw new Refusal(
    400,
    `Invalid volume: Volume ${id} status must be '{'status': 'available'}' to extend, currently ${status}.`,
  );
}
