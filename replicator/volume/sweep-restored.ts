/**
 * What an execution ordered and never heard of: Cinder makes a second volume when an order is given
 * again whose answer was lost, and one after the end when the region was slow. It is found by its marks,
 * which a restored volume bears no more, and deleted only while nobody has it attached. Killed anywhere,
 * or called twice at once: the next call finds the rest.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import type { Image } from '../../regions/image/types.ts';
import type { Volume } from '../../regions/block-storage/types.ts';
import type { EndedExecution, RegionContext, Swept } from '../mover.ts';
import { checkImagePrefix, isVolumeOf } from './recover/marks.ts';
import { removeVolume } from './recover/scratch-volume.ts';
import { Sweeping } from './sweeping.ts';

export async function sweepRestored(
  ended: EndedExecution,
  at: RegionContext,
  ambient: Ambient,
): Promise<Swept> {
  const sweeping = new Sweeping(ambient, at.signal, 'what an execution left is not deleted');
  const attempt = (what: string, work: () => Promise<unknown>) =>
    sweeping.attempt(what, () => work().then(() => true));
  for (const { id, name } of await volumesOf(ended, at))
    await attempt(`volume ${id} ${name}`, () => removeVolume(id, at, ambient));
  for (const { id, name } of await imagesOf(ended, at))
    await attempt(`image ${id} ${name}`, () => at.target.images.delete(id, at.signal));
  return sweeping.swept;
}

async function volumesOf(
  ended: EndedExecution,
  { target, signal }: RegionContext,
): Promise<readonly Volume[]> {
  const found: Volume[] = [];
  for await (const volume of target.blockStorage.listVolumes({ signal })) {
    const isNobodys = ended.mode === 'drill' || !(ended.knew(volume.id) || volume.isAttached);
    if (isNobodys && isVolumeOf(ended, volume)) found.push(volume);
  }
  return found;
}

/** Through which a check read a volume. */
async function imagesOf(
  ended: EndedExecution,
  { target, signal }: RegionContext,
): Promise<readonly Image[]> {
  const prefix = checkImagePrefix(ended);
  const found: Image[] = [];
  for await (const image of target.images.list({ signal }))
    if (image.name.startsWith(prefix)) found.push(image);
  return found;
}
