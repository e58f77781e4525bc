import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { patchFor } from '../../regions/image/patch.ts';
import type { Image } from '../../regions/image/types.ts';
import type {
  ContentCheck,
  Depth,
  Mover,
  Previous,
  ResourceRef,
  Restored,
  RestoreOrder,
  SessionContext,
  TargetContext,
  Verification,
} from '../mover.ts';
import { contentOf, type Content } from './content.ts';
import { expireImages } from './expire.ts';
import { byScratch, scratchImage } from './marks.ts';
import { readBack } from './read-back.ts';
import { liveState, restoreLive, restoreScratch, scratchImages } from './restore.ts';
import { findPlace } from './staging.ts';
import { transferData } from './transfer.ts';
import type { ImageCapture, ImageCopy } from './types.ts';
import { verifyCopy } from './verify.ts';

/** Moves images from Glance to Glance; see README.md for what a crash leaves at each step. */
export class ImageMover implements Mover<ImageCapture, ImageCopy> {
  readonly kind = 'image';
  readonly #ambient: Ambient;

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
  }

  /** Glance never changes the data of an image: its record, as it is now, is the cut. */
  async capture(resource: ResourceRef, session: SessionContext): Promise<ImageCapture> {
    const dataTime = isoTime(this.#ambient.clock.now());
    const { images } = session.source;
    const image = await images.get(resource.id, session.signal);
    if (image?.status !== 'active') throw notActive(resource, image);
    const members =
      image.visibility === 'shared' ? await images.listMembers(image.id, session.signal) : [];
    return { kind: 'image', resource, dataTime, image, members };
  }

  /** One GET in the target for an image that is there; else its data once, as a stream. */
  async ship(
    capture: ImageCapture,
    previous: Previous<ImageCopy> | null,
    session: SessionContext,
  ): Promise<ImageCopy> {
    const { image: source } = capture;
    const { group, signal, progress } = session;
    const content = requireContent(source);
    const work = { bytes: source.sizeBytes ?? 0, objects: 1 };
    progress.expect(work);
    const wanted = {
      source,
      content,
      group,
      projectId: session.target.projectId,
      knownId: previous?.copy.targetImageId,
      isDamaged: (previous?.damage.length ?? 0) > 0,
    };
    const { images } = session.target;
    const place = await findPlace(images, wanted, this.#ambient.clock, signal);
    if (place.state === 'whole') {
      progress.present(work);
      return copyOf(capture, place.image);
    }
    const made = await transferData({
      from: session.source.images,
      source,
      content,
      to: images,
      into: place.image.id,
      onBytes: (bytes) => progress.moved({ bytes }),
      signal,
    });
    progress.moved({ objects: 1 });
    return copyOf(capture, made);
  }

  verify(copy: ImageCopy, depth: Depth, at: TargetContext): Promise<Verification> {
    return verifyCopy(copy, depth, at);
  }

  restore(copy: ImageCopy, order: RestoreOrder, at: TargetContext): Promise<Restored> {
    return order.mode === 'failover' ? restoreLive(copy, at) : restoreScratch(copy, order, at);
  }

  /** The restored image's record against the manifest's, then all its bytes. */
  async check(
    copy: ImageCopy,
    restored: Restored,
    order: RestoreOrder,
    at: TargetContext,
  ): Promise<ContentCheck> {
    const image = await at.target.images.get(restored.id, at.signal);
    if (image === null) return { state: 'mismatch', bytes: 0, detail: 'the image is gone' };
    const wish =
      order.mode === 'failover' ? liveState(copy.image) : scratchImage(copy.image, order.scratch);
    const wrong = patchFor(image, { ...wish }).map(({ path }) => path.slice(1));
    if (wrong.length > 0)
      return { state: 'mismatch', bytes: 0, detail: `not as it was: ${wrong.join(', ')}` };
    const { bytes: sizeBytes, hashAlgo, hashValue } = copy;
    const content = { id: image.id, sizeBytes, hashAlgo, hashValue };
    const { problem, bytes, detail } = await readBack(at.target.images, content, at.signal);
    return { state: problem === undefined ? 'verified' : 'mismatch', bytes, detail };
  }

  async discard(copy: ImageCopy, order: RestoreOrder, at: TargetContext): Promise<void> {
    for (const image of await scratchImages(copy, order.scratch, at))
      await at.target.images.delete(image.id, at.signal);
  }

  async inventory(scratch: string, at: TargetContext): Promise<readonly string[]> {
    const found: string[] = [];
    const { signal } = at;
    for await (const image of at.target.images.list({ property: byScratch(scratch), signal }))
      found.push(`image/${image.id} ${image.name}`);
    return found;
  }

  expire(
    dropped: readonly ImageCopy[],
    kept: readonly ImageCopy[],
    at: TargetContext,
  ): Promise<void> {
    return expireImages(dropped, kept, at, this.#ambient.clock);
  }

  /** An image leaves nothing in the primary. */
  tidy(): Promise<void> {
    return Promise.resolve();
  }
}

function copyOf(capture: ImageCapture, made: Image): ImageCopy {
  const { resource, dataTime, image, members } = capture;
  return {
    kind: 'image',
    resource,
    dataTime,
    consistency: 'immutable',
    objects: 1,
    bytes: image.sizeBytes ?? 0,
    image,
    members,
    targetImageId: made.id,
    ...requireContent(made),
  };
}

function requireContent(image: Image): Content {
  const content = contentOf(image);
  if (content !== null) return content;
  throw new FarshoreError('its Glance records neither a hash nor a checksum of its data', {
    code: 'image.unprovable',
    kind: 'permanent',
    operation: 'ship image',
    subject: image.id,
    hint: 'upload the image anew: Glance computes both at the upload',
  });
}

function notActive(resource: ResourceRef, image: Image | null): FarshoreError {
  return new FarshoreError(
    image === null ? 'there is no such image' : `it is ${image.status}, not active`,
    {
      code: image === null ? 'image.missing' : 'image.not-active',
      kind: 'permanent',
      operation: 'capture image',
      subject: `${resource.name} (${resource.id})`,
      hint: 'an image can be protected once its data is uploaded and while it is not deactivated',
    },
  );
}
