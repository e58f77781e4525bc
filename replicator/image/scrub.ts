import { damageOf } from '../findings.ts';
import type { Scrubbed, TargetContext } from '../mover.ts';
import type { Readings } from './reading.ts';
import type { ImageCopy } from './types.ts';
import { verifyImage } from './verify.ts';

/** Reads again every image that any of the copies names, each once, in the order of their ids; broken off, it goes on with the same image. */
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
    const reading = readings.of(at, thing, first.hashAlgo);
    const verified = await verifyImage(first, 'content', at, reading).finally(() => {
      if (!at.signal.aborted) readings.end(at);
    });
    yield { upTo: thing, damage: damageOf(having, verified) };
  }
}

function thingOf({ targetImageId, hashAlgo, hashValue, bytes }: ImageCopy): string {
  return [targetImageId, hashAlgo, hashValue, bytes].join(' ');
}
