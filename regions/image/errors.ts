import { hasStatus, RequestError } from '../http/request-error.ts';
import { refineError } from '../refine-error.ts';

/** Glance's refusals that a caller can act on, told by status alone. Any other error is given back as it is. */
export function refineImageError(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  if (hasStatus(error, 413))
    return refineError(error, {
      code: 'image.quota-exceeded',
      hint: `raise Glance's limits for this project in region ${error.region}, or delete images`,
    });
  if (hasStatus(error, 403))
    return refineError(error, {
      code: 'image.right-missing',
      hint: 'making an image public, setting protected properties and members of others need rights that Glance’s policy keeps for administrators',
    });
  return error;
}

/** Of a creation, 409 means only this (glance/api/v2/images.py, create). */
export function orIdTaken(error: unknown, id: string | undefined): unknown {
  if (!(error instanceof RequestError) || !hasStatus(error, 409) || id === undefined)
    return refineImageError(error);
  return refineError(error, {
    code: 'image.id-taken',
    message: 'the image id is in use, or belonged to an image that was deleted and not purged',
    hint: 'another id works; `glance-manage db purge_images_table` frees the ids of deleted images',
  });
}
