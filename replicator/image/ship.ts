import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Image } from '../../regions/image/types.ts';
import type { Previous, SessionContext } from '../mover.ts';
import { contentOf, type Content } from './content.ts';
import { findPlace } from './staging.ts';
import { transferData } from './transfer.ts';
import type { ImageCapture, ImageCopy } from './types.ts';

/** One GET in the target for an image that is there; else its data once, as a stream. */
export async function shipImage(
  capture: ImageCapture,
  previous: Previous<ImageCopy> | null,
  session: SessionContext,
  ambient: Ambient,
): Promise<ImageCopy> {
  const { image: source } = capture;
  const { group, bank, signal, progress } = session;
  const content = requireContent(source);
  const work = { bytes: source.sizeBytes ?? 0, objects: 1 };
  progress.expect(work);
  const wanted = {
    source,
    content,
    owner: { bank, group },
    projectId: session.target.projectId,
    knownId: previous?.copy.targetImageId,
    isDamaged: (previous?.damage.length ?? 0) > 0,
  };
  const { images } = session.target;
  const place = await findPlace(images, wanted, ambient, signal);
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

function copyOf(capture: ImageCapture, made: Image): ImageCopy {
  const { resource, dataTime, image, members, notes } = capture;
  return {
    kind: 'image',
    format: 1,
    resource,
    dataTime,
    consistency: 'immutable',
    objects: 1,
    bytes: image.sizeBytes ?? 0,
    image,
    members,
    notes,
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
