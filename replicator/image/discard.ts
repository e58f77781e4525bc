import type { RestoreOrder, TargetContext } from '../mover.ts';
import { byScratch, isMarked } from './marks.ts';
import { scratchImages } from './restore.ts';
import type { ImageCopy } from './types.ts';

export async function discardImage(
  copy: ImageCopy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<void> {
  for (const image of await scratchImages(copy, order.scratch, at))
    await at.target.images.delete(image.id, at.signal);
}

export async function inventoryImages(
  scratch: string,
  at: TargetContext,
): Promise<readonly string[]> {
  const found: string[] = [];
  const { signal } = at;
  for await (const image of at.target.images.list({ property: byScratch(scratch), signal }))
    if (isMarked(image)) found.push(`image/${image.id} ${image.name}`);
  return found;
}
