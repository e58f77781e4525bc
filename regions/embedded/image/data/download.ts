import { existsSync } from 'node:fs';
import { header } from '../../http/call.ts';
import type { Reply } from '../../http/reply.ts';
import { type ImageRequest, part } from '../image-request.ts';
import { requireVisible } from '../records/access.ts';
import type { ImageStore } from '../records/image-store.ts';
import { forbidden } from '../replies/image-refusal.ts';
import { requestedRange } from './byte-range.ts';

/** GET /v2/images/{image_id}/file; 204 for an image without data, or whose data the disk lost. */
export async function downloadImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const id = part(request, 'image_id');
  const row = await store.get(id);
  requireVisible(request, row, id);
  if (row.status === 'deactivated' && !request.isAdmin)
    throw forbidden('The requested image has been deactivated. Image data download is forbidden.');
  if (row.data === null || !existsSync(store.blobs.path(row.data.id))) return { status: 204 };
  const { id: blob, bytes, md5 } = row.data;
  const { call } = request;
  const range = requestedRange(header(call, 'range'), header(call, 'content-range'), bytes);
  const length = range === undefined ? bytes : range.last - range.first + 1;
  const headers = {
    'content-type': 'application/octet-stream',
    'content-md5': md5,
    'content-length': String(length),
  };
  // An empty file has no last byte to read up to.
  const body = length === 0 ? '' : store.blobs.read(blob, range);
  if (range === undefined) return { status: 200, headers, body };
  const contentRange = `bytes ${range.first}-${range.last}/${bytes}`;
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body };
}
