import { jsonReply, type Reply } from '../../http/reply.ts';
import { type ImageRequest, part } from '../image-request.ts';
import { requireOwner, requireVisible } from '../records/access.ts';
import { type ImageRow, imageView } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { emptyReply } from '../replies/empty-reply.ts';
import { forbidden } from '../replies/image-refusal.ts';

/** GET /v2/images/{image_id} */
export async function showImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const id = part(request, 'image_id');
  const row = await store.get(id);
  requireVisible(request, row, id);
  return jsonReply(200, imageView(row));
}

/** DELETE /v2/images/{image_id}, in whatever status it is. */
export async function deleteImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const id = part(request, 'image_id');
  await store.delete(id, (row) => {
    requireVisible(request, row, id, `Failed to find image ${id} to delete`);
    requireOwner(request, row);
    if (row.protected) throw forbidden(`Image ${id} is protected and cannot be deleted.`);
    return row;
  });
  return emptyReply(204);
}

/** POST /v2/images/{image_id}/actions/deactivate */
export function deactivateImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  return turn(request, store, { verb: 'deactivate', from: 'active', to: 'deactivated' });
}

/** POST /v2/images/{image_id}/actions/reactivate */
export function reactivateImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  return turn(request, store, { verb: 'reactivate', from: 'deactivated', to: 'active' });
}

interface Turn {
  readonly verb: string;
  readonly from: ImageRow['status'];
  readonly to: ImageRow['status'];
}

async function turn(
  request: ImageRequest,
  store: ImageStore,
  { verb, from, to }: Turn,
): Promise<Reply> {
  const id = part(request, 'image_id');
  await store.change(id, (row) => {
    requireVisible(request, row, id);
    requireOwner(request, row);
    if (row.status === to) return row;
    if (row.status !== from)
      throw forbidden(`Not allowed to ${verb} image in status '${row.status}'`);
    return { ...row, status: to, updated_at: store.now() };
  });
  return emptyReply(204);
}
