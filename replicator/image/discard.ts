import type {
  EndedExecution,
  RegionContext,
  RestoreOrder,
  Swept,
  TargetContext,
} from '../mover.ts';
import type { Image } from '../../regions/image/types.ts';
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
  return (await madeByDrill(scratch, at)).map(nameOf);
}

/** A failover makes no image: it changes the one that was staged. */
export async function sweepScratchImages(
  { mode, scratch }: EndedExecution,
  at: RegionContext,
): Promise<Swept> {
  const found = mode === 'drill' ? await madeByDrill(scratch, at) : [];
  for (const { id } of found) await at.target.images.delete(id, at.signal);
  return { deleted: found.map(nameOf), left: [] };
}

async function madeByDrill(
  scratch: string,
  { target, signal }: RegionContext,
): Promise<readonly Image[]> {
  const found: Image[] = [];
  for await (const image of target.images.list({ property: byScratch(scratch), signal }))
    if (isMarked(image)) found.push(image);
  return found;
}

function nameOf({ id, name }: Image): string {
  return `image/${id} ${name}`;
}
