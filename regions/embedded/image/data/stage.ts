import type { Reply } from '../../http/reply.ts';
import { type ImageRequest, jsonOf, part } from '../image-request.ts';
import { importMethods } from '../info.ts';
import { requireOwner, requireVisible } from '../records/access.ts';
import type { ImageRow } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { emptyReply } from '../replies/empty-reply.ts';
import { badRequest, conflict, forbidden, notFound } from '../replies/image-refusal.ts';
import { pythonText } from '../schema/python-text.ts';
import { isObject } from '../schema/is-object.ts';
import { activated, requireTransition } from './life-cycle.ts';
import { receive, requireOctets } from './receive.ts';
import { backToQueued } from './upload.ts';
import { virtualSize } from './virtual-size.ts';

/** PUT /v2/images/{image_id}/stage: queued → uploading, data kept until the import. */
export async function stageImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  requireOctets(request.call);
  const id = part(request, 'image_id');
  await store.change(id, (row) => {
    requireVisible(request, row, id);
    requireOwner(request, row);
    requireTransition(row, 'uploading');
    return { ...row, status: 'uploading', updated_at: store.now() };
  });
  const staged = await receive(request.call, store).catch(async (error: unknown) => {
    await backToQueued(id, 'uploading', store);
    throw error;
  });
  try {
    await store.change(id, (row) => {
      if (row === undefined) throw notFound(`No image found with ID ${id}`);
      return { ...row, staged, size: staged.bytes, updated_at: store.now() };
    });
  } catch (error) {
    await store.blobs.remove(staged.id);
    throw error;
  }
  return emptyReply(204);
}

/**
 * POST /v2/images/{image_id}/import. Staged data has its digests already: the image is active at
 * once, without the task that the real service runs.
 */
export async function importImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const { name, uri } = await importMethod(request);
  const id = part(request, 'image_id');
  const row = await store.get(id);
  requireVisible(request, row, id);
  requireReady(row, name);
  if (name === 'copy-image' && !request.isAdmin)
    throw forbidden('You are not authorized to complete copy_image action.');
  requireOwner(request, row);
  if (name === 'copy-image') throw badRequest('There is one store, and the image is in it.');
  if (name === 'web-download')
    throw badRequest(
      `URI for web-download does not pass filtering: ${
        typeof uri === 'string' ? uri : pythonText(uri)
      }`,
    );
  const diskBytes = row.staged === null ? null : await virtualSize(row, row.staged, store.blobs);
  await store.change(id, (held) => {
    requireVisible(request, held, id);
    requireReady(held, name);
    if (held.staged === null) throw notStaged();
    const properties = { ...held.properties, ...importProperties };
    return { ...activated(held, held.staged, diskBytes), properties, updated_at: store.now() };
  });
  return emptyReply(202);
}

/** What an import leaves on the image. */
const importProperties = { os_glance_importing_to_stores: '', os_glance_failed_import: '' };

interface ImportMethod {
  readonly name: string;
  readonly uri: unknown;
}

async function importMethod({ call }: ImageRequest): Promise<ImportMethod> {
  const body = await jsonOf(call);
  if (!isObject(body) || !Object.hasOwn(body, 'method'))
    throw badRequest("Import request requires a 'method' field.");
  const { method } = body;
  if (!isObject(method) || !Object.hasOwn(method, 'name'))
    throw badRequest("Import request requires a 'name' field.");
  const name = importMethods.find((each) => each === method.name);
  if (name === undefined) {
    const given = typeof method.name === 'string' ? method.name : pythonText(method.name);
    throw badRequest(`Unknown import method name '${given}'.`);
  }
  for (const flag of ['all_stores_must_succeed', 'all_stores'])
    if (body[flag] !== undefined && typeof body[flag] !== 'boolean')
      throw badRequest(`'${flag}' must be boolean value only`);
  return { name, uri: method.uri };
}

function requireReady(row: ImageRow, method: string): void {
  if (row.status === 'active' && method !== 'copy-image')
    throw conflict('Image with status active cannot be target for import');
  if (row.status !== 'active' && method === 'copy-image')
    throw conflict('Only images with status active can be targeted for copying');
  if (row.status !== 'queued' && method === 'web-download')
    throw conflict("Image needs to be in 'queued' state to use 'web-download' method");
  if (row.status !== 'uploading' && method === 'glance-direct') throw notStaged();
  for (const name of ['container_format', 'disk_format'] as const)
    if (!row[name]) throw conflict(`'${name}' needs to be set before import`);
}

function notStaged(): Error {
  return conflict("Image needs to be staged before 'glance-direct' method can be used");
}
