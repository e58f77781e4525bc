import { patchFor } from '../../regions/image/patch.ts';
import type { ContentCheck, Restored, RestoreOrder, TargetContext } from '../mover.ts';
import { scratchImage } from './marks.ts';
import { readBack } from './read-back.ts';
import { liveState } from './restore.ts';
import type { ImageCopy } from './types.ts';

/** The restored image's record against the manifest's, then all its bytes. */
export async function checkImage(
  copy: ImageCopy,
  restored: Restored,
  order: RestoreOrder,
  at: TargetContext,
): Promise<ContentCheck> {
  const image = await at.target.images.get(restored.id, at.signal);
  if (image === null) return { state: 'mismatch', bytes: 0, detail: 'the image is gone' };
  const wish =
    order.mode === 'failover'
      ? liveState(copy.image)
      : scratchImage(image.id, copy.image, order.scratch);
  const wrong = patchFor(image, { ...wish }).map(({ path }) => path.slice(1));
  if (wrong.length > 0)
    return { state: 'mismatch', bytes: 0, detail: `not as it was: ${wrong.join(', ')}` };
  const { bytes: sizeBytes, hashAlgo, hashValue } = copy;
  const content = { id: image.id, sizeBytes, hashAlgo, hashValue };
  const { problem, bytes, detail } = await readBack(at.target.images, content, at.signal);
  return { state: problem === undefined ? 'verified' : 'mismatch', bytes, detail };
}
