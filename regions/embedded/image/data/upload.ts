import type { Reply } from '../../http/reply.ts';
import { type ImageRequest, part } from '../image-request.ts';
import { requireOwner, requireVisible } from '../records/access.ts';
import type { ImageRow } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { emptyReply } from '../replies/empty-reply.ts';
import { ImageRefusal } from '../replies/image-refusal.ts';
import { activated, requireFormats, requireTransition } from './life-cycle.ts';
import { receive, requireOctets } from './receive.ts';
import { virtualSize } from './virtual-size.ts';

/** PUT /v2/images/{image_id}/file: queued → saving → active; back to queued when it fails. */
export async function uploadImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  requireOctets(request.call);
  const id = part(request, 'image_id');
  await store.change(id, (row) => {
    requireVisible(request, row, id);
    requireOwner(request, row, `Not allowed to upload image data for image ${id}`);
    requireTransition(row, 'saving');
    requireFormats(row);
    return { ...row, status: 'saving', updated_at: store.now() };
  });
  const data = await receive(request.call, store).catch(async (error: unknown) => {
    await backToQueued(id, 'saving', store);
    throw error;
  });
  const row = await store.get(id);
  const diskBytes = row === undefined ? null : await virtualSize(row, data, store.blobs);
  try {
    await store.change(id, (held) => {
      if (held?.status !== 'saving') throw goneMeanwhile(id);
      return { ...activated(held, data, diskBytes), updated_at: store.now() };
    });
  } catch (error) {
    await store.blobs.remove(data.id);
    throw error;
  }
  return emptyReply(204);
}

/** Unless it was deleted meanwhile. */
export async function backToQueued(
  id: string,
  from: ImageRow['status'],
  store: ImageStore,
): Promise<void> {
  if ((await store.get(id)) === undefined) return;
  await store.change(id, (row) => {
    if (row?.status !== from) throw goneMeanwhile(id);
    return { ...row, status: 'queued', size: null, virtual_size: null, updated_at: store.now() };
  });
}

function goneMeanwhile(id: string): ImageRefusal {
  return new ImageRefusal(410, {
    explanation:
      `Image ${id} could not be found after upload. The image may have been deleted during the ` +
      'upload, cleaning up the chunks uploaded.',
  });
}
