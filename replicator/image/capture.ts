import { isoTime, type Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Image } from '../../regions/image/types.ts';
import type { ResourceRef, SessionContext } from '../mover.ts';
import { carriedProperties, secretOf } from './properties.ts';
import type { ImageCapture } from './types.ts';

/**
 * Glance never changes the data of an image: its record, as it is now, is the cut. Without the properties
 * that would act or refer elsewhere, each of which is noted.
 */
export async function captureImage(
  resource: ResourceRef,
  session: SessionContext,
  clock: Clock,
): Promise<ImageCapture> {
  const dataTime = isoTime(clock.now());
  const { images } = session.source;
  const image = await images.get(resource.id, session.signal);
  if (image?.status !== 'active') throw notActive(resource, image);
  const secret = secretOf(image.properties);
  if (secret !== null) throw encrypted(resource, secret);
  const members =
    image.visibility === 'shared' ? await images.listMembers(image.id, session.signal) : [];
  const { properties, notes } = carriedProperties(image.properties);
  return { kind: 'image', resource, dataTime, image: { ...image, properties }, members, notes };
}

function encrypted(resource: ResourceRef, reason: string): FarshoreError {
  return new FarshoreError(reason, {
    code: 'image.encryption-unsupported',
    kind: 'permanent',
    operation: 'capture image',
    subject: `${resource.name} (${resource.id})`,
    hint: 'take it out of the group, or protect an image of it that is not encrypted',
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
