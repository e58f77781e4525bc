import { damageOf } from '../findings.ts';
import type { Scrubbed, TargetContext } from '../mover.ts';
import type { Readings } from '../transfer/reading.ts';
import { hashNameOf } from './content.ts';
import type { ImageCopy } from './types.ts';
import { verifyImage } from './verify.ts';

/**
 * Reads again every image that any of the copies names, each once, in the order of their ids. Broken off in
 * one, the next scrub goes on in it.
 */
export async function* scrubImages(
  copies: readonly ImageCopy[],
  after: string,
  at: TargetContext,
  readings: Readings,
): AsyncGenerator<Scrubbed<ImageCopy>> {
  const byImage = Map.groupBy(copies, thingOf);
  for (const thing of [...byImage.keys()].toSorted()) {
    const having = byImage.get(thing) ?? [];
    const [first] = having;
    if (thing <= after || first === undefined) continue;
    const read = { name: thing, algorithm: hashNameOf(first.hashAlgo) };
    const verified = await readings.with(at, read, at.signal, (reading) =>
      verifyImage(first, 'content', at, reading),
    );
    yield { upTo: thing, damage: damageOf(having, verified) };
  }
}

function thingOf({ targetImageId, hashAlgo, hashValue, bytes }: ImageCopy): string {
  return [targetImageId, hashAlgo, hashValue, bytes].join(' ');
}
