import { resourceKey, type Scrubbed, type TargetContext } from '../mover.ts';
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
    const [first, ...others] = byImage.get(thing) ?? [];
    if (thing <= after || first === undefined) continue;
    const { findings, damaged } = await verifyImage(first, 'content', at);
    const damage = [first, ...others].map((copy) => {
      const resource = resourceKey(copy.resource);
      return { copy, findings: findings.map((each) => ({ ...each, resource })), damaged };
    });
    yield { upTo: thing, damage: damaged === 0 ? [] : damage };
  }
}

function thingOf({ targetImageId, hashAlgo, hashValue, bytes }: ImageCopy): string {
  return [targetImageId, hashAlgo, hashValue, bytes].join(' ');
}
