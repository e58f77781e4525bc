import type { Ambient } from '../../kernel/ambient.ts';
import type { Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Image, ImageService } from '../../regions/image/types.ts';
import { waitForStatus } from '../../regions/wait.ts';
import { isSameContent, type Content } from './content.ts';
import { bySource, holdsMark, newImageId, type Owner, stagedImage, standingOf } from './marks.ts';

/** An upload that died with its worker: Glance notices the closed connection within moments. */
const settleMs = 30_000;

interface Wanted {
  readonly source: Image;
  readonly content: Content;
  readonly owner: Owner;
  /** The target's project: an image that only happens to be visible there is not its own to keep. */
  readonly projectId: string;
  /** Where the last point had it. */
  readonly knownId: string | undefined;
  readonly isDamaged: boolean;
}

/** `whole`: nothing to ship. `empty`: the data goes in here. */
export type Place = { readonly state: 'whole' | 'empty'; readonly image: Image };

/**
 * Finds, or makes, the place of a copy in the target's Glance. Looked at in this order: where the last
 * point had it, the source's own id (an image made live by a failover, or the original itself on the
 * way back), and what carries the marks. So what a run made whose answer or whose process was lost is
 * found by the next. A live image is used when it is whole, and never changed or deleted.
 */
export async function findPlace(
  glance: ImageService,
  wanted: Wanted,
  ambient: Pick<Ambient, 'clock' | 'random'>,
  signal: AbortSignal,
): Promise<Place> {
  for await (const found of candidates(glance, wanted, signal)) {
    const image = await settled(glance, found, ambient.clock, signal);
    if (image === null || image.owner !== wanted.projectId) continue;
    const standing = standingOf(image, wanted.owner);
    if (standing === 'other') continue;
    const isSuspect = wanted.isDamaged && image.id === wanted.knownId;
    if (image.status === 'active' && isSameContent(image, wanted.source) && !isSuspect)
      return { state: 'whole', image };
    if (standing === 'live') continue;
    if (image.status === 'queued' && holdsMark(image, wanted.content))
      return { state: 'empty', image };
    // Damaged, given up by Glance, or of other content: its id cannot be used again either way.
    await glance.delete(image.id, signal);
  }
  return { state: 'empty', image: await createStaged(glance, wanted, ambient, signal) };
}

/**
 * Each image once; the marks are looked for only when the ids led to nothing, and then only ours count: a
 * user's image that has inherited them is not for a point to rely on.
 */
async function* candidates(
  glance: ImageService,
  { source, knownId, owner }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<Image> {
  const seen = new Set<string>();
  for (const id of [knownId ?? source.id, source.id]) {
    if (seen.has(id)) continue;
    seen.add(id);
    const image = await glance.get(id, signal);
    if (image !== null) yield image;
  }
  for await (const image of glance.list({ property: bySource(source.id), signal }))
    if (!seen.has(image.id) && standingOf(image, owner) === 'staged') yield image;
}

/** An image in `saving` becomes `queued`, `active` or nothing by itself once its upload is over. */
async function settled(
  glance: ImageService,
  image: Image,
  clock: Clock,
  signal: AbortSignal,
): Promise<Image | null> {
  if (image.status !== 'saving') return image;
  try {
    return await waitForStatus({
      clock,
      get: (aborted) => glance.get(image.id, aborted),
      operation: 'wait for the end of an upload of image',
      subject: image.id,
      done: ['queued', 'active', 'killed', 'deactivated', 'deleted', 'pending_delete'],
      stillMs: settleMs,
      signal,
    });
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    if (error.code === 'region.vanished') return null;
    // Left in `saving` by a Glance that died: it stays so for ever.
    if (error.code === 'region.wait-timeout') return image;
    throw error;
  }
}

/** Under the source's id where it is free, else under one of our choice. */
async function createStaged(
  glance: ImageService,
  { source, owner, content }: Wanted,
  { random }: Pick<Ambient, 'random'>,
  signal: AbortSignal,
): Promise<Image> {
  try {
    return await glance.create(stagedImage(source.id, source, owner, content), signal);
  } catch (error) {
    if (!(error instanceof FarshoreError) || error.code !== 'image.id-taken') throw error;
    return await glance.create(stagedImage(newImageId(random), source, owner, content), signal);
  }
}
