import type { ImageRequest } from '../image-request.ts';
import { forbidden, notFound } from '../replies/image-refusal.ts';
import type { ImageRow } from './image-row.ts';

export function isVisible({ isAdmin, owner }: ImageRequest, row: ImageRow): boolean {
  if (isAdmin || row.owner === null || row.owner === owner) return true;
  if (row.visibility === 'public' || row.visibility === 'community') return true;
  return row.visibility === 'shared' && row.members.some(({ member_id }) => member_id === owner);
}

/** Who may not see an image is told that there is none. */
export function requireVisible(
  request: ImageRequest,
  row: ImageRow | undefined,
  id: string,
  explanation = `No image found with ID ${id}`,
): asserts row is ImageRow {
  if (row === undefined || !isVisible(request, row)) throw notFound(explanation);
}

export function isOwner({ isAdmin, owner }: ImageRequest, row: ImageRow): boolean {
  return isAdmin || (owner !== null && row.owner === owner);
}

export function requireOwner(
  request: ImageRequest,
  row: ImageRow,
  explanation = 'You do not own this image',
): void {
  if (!isOwner(request, row)) throw forbidden(explanation);
}

/** The policy's one right that only an administrator has. */
export function requireMayPublish({ isAdmin }: ImageRequest, visibility: unknown): void {
  if (visibility === 'public' && !isAdmin)
    throw forbidden('You are not authorized to complete publicize_image action.');
}
