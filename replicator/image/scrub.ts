import { damageOf } from '../findings.ts';
import type { Scrubbed, TargetContext } from '../mover.ts';
import type { ImageCopy } from './types.ts';
import { verifyImage } from './verify.ts';

/** Reads again every image that any of the copies names, each once, in the order of their ids. */
export async function* scrubImages(
  copies: readonly ImageCopy[],
  after: string,
  at: TargetContext,
): AsyncGenerator<Scrubbed<ImageCopy>> {
  const byImage = Map.groupBy(copies, thingOf);
  for (const thing of [...byImage.keys()].toSorted()) {
    const having = byImage.get(thing) ?? [];
    const [first] = having;
    if (thing <= after || first === undefined) continue;
    yield { upTo: thing, damage: damageOf(having, await verifyImage(first, 'content', at)) };
  }
}

function thingOf({ targetImageId, hashAlgo, hashValue, bytes }: ImageCopy): string {
  return [targetImageId, hashAlgo, hashValue, bytes].join(' ');
}
