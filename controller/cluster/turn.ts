import { createHash } from 'node:crypto';
import type { ControllerInfo } from './types.ts';

/**
 * Pure: which of the controllers that are there should carry out the work. Those in the first of
 * `regions` come before those in the next, before all others that are in a region at all; among
 * equals a hash of both ids decides (rendezvous hashing), so that the work is spread and moves only
 * when its own controller goes. Null: nobody can.
 */
export function chosenFor(
  workId: string,
  regions: readonly string[],
  controllers: readonly ControllerInfo[],
): ControllerInfo | null {
  let best: {
    readonly info: ControllerInfo;
    readonly distance: number;
    readonly draw: string;
  } | null = null;
  for (const info of controllers) {
    if (info.region === null) continue;
    const index = regions.indexOf(info.region);
    const distance = index === -1 ? regions.length : index;
    if (best !== null && distance > best.distance) continue;
    const draw = createHash('sha256').update(`${workId}\n${info.id}`).digest('hex');
    if (best === null || distance < best.distance || draw > best.draw)
      best = { info, distance, draw };
  }
  return best?.info ?? null;
}
