import { nothingToFence, type Fence, type FenceContext } from '../kind.ts';
import type { Former, UnfenceContext } from '../kind.ts';
import type { ResourceRef } from '../mover.ts';

/**
 * Cinder takes the read-only flag of an `available` volume only (cinder/volume/api.py,
 * update_readonly_flag; an attached one is answered 400), and it holds for later attachments. An
 * attached volume stays writable: detaching it would need Nova, and would harm more if the outage
 * were none.
 */
export async function fenceVolume(
  { id }: ResourceRef,
  { source: { blockStorage }, remember, signal }: FenceContext,
): Promise<Fence> {
  const volume = await blockStorage.getVolume(id, signal);
  if (volume === null) return nothingToFence;
  const former = await remember({ readOnly: volume.readOnly ?? null });
  await blockStorage.setReadOnly(id, true, signal);
  return { state: 'fenced', detail: 'read-only for every later attachment', former };
}

/** Without the flag a volume is writable: Cinder can set it to false, and not take it away. */
export async function unfenceVolume(
  { id }: ResourceRef,
  former: Former,
  { source: { blockStorage }, signal }: UnfenceContext,
): Promise<void> {
  if ((await blockStorage.getVolume(id, signal)) === null) return;
  await blockStorage.setReadOnly(id, former['readOnly'] === true, signal);
}
