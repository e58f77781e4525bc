import { hasStatus, RequestError } from '../http/request-error.ts';
import { refineError } from '../refine-error.ts';

/** A refusal of a change by Glance's policy: the status is all that tells it. Any other error is given back as it is. */
export function refineImageError(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  if (!hasStatus(error, 403)) return error;
  return refineError(error, {
    code: 'region.right-missing',
    hint: 'making an image public and setting protected properties are rights that Glance’s policy keeps for administrators',
  });
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
