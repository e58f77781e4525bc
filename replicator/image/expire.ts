import type { Clock } from '../../kernel/clock.ts';
import type { TargetContext } from '../mover.ts';
import { byGroup, isMadeHere, standingOf } from './marks.ts';
import type { ImageCopy } from './types.ts';

/** Older than any upload that may still be on its way, or than what a session shipped for its point. */
const abandonedMs = 24 * 3_600_000;

/**
 * Deletes the staged images that only dropped copies name, and those that no copy names and that are a
 * day old: an upload that was aborted or came late, a session that never got to its point. An image without the group's marks is someone's: made live by a failover, or the
 * original itself. Deleting twice is harmless; killed in between, the next run finds the rest by the marks.
 */
export async function expireImages(
  dropped: readonly ImageCopy[],
  kept: readonly ImageCopy[],
  at: TargetContext,
  clock: Clock,
): Promise<void> {
  const { images } = at.target;
  const needed = new Set(kept.map((copy) => copy.targetImageId));
  const unneeded = new Set(dropped.map((copy) => copy.targetImageId));
  const doomed: string[] = [];
  for await (const image of images.list({ property: byGroup(at.group), signal: at.signal })) {
    if (standingOf(image, at) !== 'staged' || needed.has(image.id)) continue;
    // A former installation may be at work with another bank: of its images only those that points name.
    const isAbandoned =
      isMadeHere(image, at) && clock.now() - Date.parse(image.updatedAt) > abandonedMs;
    if (unneeded.has(image.id) || isAbandoned) doomed.push(image.id);
  }
  for (const id of doomed) await images.delete(id, at.signal);
}
