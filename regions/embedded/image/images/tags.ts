import type { Reply } from '../../http/reply.ts';
import { type ImageRequest, part } from '../image-request.ts';
import { requireOwner, requireVisible } from '../records/access.ts';
import type { ImageRow } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { requireTagCount } from '../records/limits.ts';
import { emptyReply } from '../replies/empty-reply.ts';
import { notFound } from '../replies/image-refusal.ts';
import { requireImageShape } from '../schema/image-schema.ts';

/** PUT /v2/images/{image_id}/tags/{tag} */
export function addTag(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const tag = part(request, 'tag');
  requireImageShape({ tags: [tag] });
  return change(request, store, 'update', ({ id, tags }) => {
    const next = [...new Set([...tags, tag])];
    requireTagCount(next.length, `Image tag limit exceeded for image ${id}: `, ':');
    return next;
  });
}

/** DELETE /v2/images/{image_id}/tags/{tag} */
export function removeTag(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const tag = part(request, 'tag');
  return change(request, store, 'delete', ({ tags }) => {
    if (!tags.includes(tag)) throw notFound();
    return tags.filter((each) => each !== tag);
  });
}

async function change(
  request: ImageRequest,
  store: ImageStore,
  verb: string,
  next: (row: ImageRow) => readonly string[],
): Promise<Reply> {
  const id = part(request, 'image_id');
  await store.change(id, (row) => {
    requireVisible(request, row, id, `Image ${id} not found.`);
    requireOwner(request, row, `Not allowed to ${verb} tags for image ${id}.`);
    return { ...row, tags: next(row), updated_at: store.now() };
  });
  return emptyReply(204);
}
