import { jsonReply, type Reply } from '../../http/reply.ts';
import { type ImageRequest, part } from '../image-request.ts';
import { requireMayPublish, requireOwner, requireVisible } from '../records/access.ts';
import { type ImageRow, imageView } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import {
  requireNotNegative,
  requirePropertyCount,
  requireStorable,
  requireTagLimits,
} from '../records/limits.ts';
import { accessDenied, badRequest, conflictDetail, forbidden } from '../replies/image-refusal.ts';
import { type PatchOperation, patchOperations } from './patch-operations.ts';

/** Fields that a patch sets and never removes. */
type Settable =
  | 'name'
  | 'visibility'
  | 'protected'
  | 'os_hidden'
  | 'owner'
  | 'disk_format'
  | 'container_format'
  | 'min_disk'
  | 'min_ram'
  | 'tags';

/** How each is set on an image; the value is of the schema's type. */
const setters: Readonly<Record<Settable, (row: ImageRow, value: never) => Partial<ImageRow>>> = {
  name: (_row, name: string | null) => ({ name }),
  visibility: (_row, visibility: ImageRow['visibility']) => ({ visibility }),
  protected: (_row, flag: boolean) => ({ protected: flag }),
  os_hidden: (_row, flag: boolean) => ({ os_hidden: flag }),
  owner: (_row, owner: string | null) => ({ owner: owner === '' ? null : owner }),
  disk_format: (row, format: string | null) => {
    requireQueued(row, 'disk_format');
    return { disk_format: format };
  },
  container_format: (row, format: string | null) => {
    requireQueued(row, 'container_format');
    return { container_format: format };
  },
  min_disk: (_row, gib: number) => {
    requireNotNegative('min_disk', gib);
    return { min_disk: gib };
  },
  min_ram: (_row, mib: number) => {
    requireNotNegative('min_ram', mib);
    return { min_ram: mib };
  },
  tags: (_row, tags: readonly string[]) => {
    requireTagLimits([...new Set(tags)]);
    return { tags: [...new Set(tags)] };
  },
};

/** PATCH /v2/images/{image_id}: all of it or nothing. */
export async function updateImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const operations = await patchOperations(request.call);
  const id = part(request, 'image_id');
  if (operations.length === 0) {
    const row = await store.get(id);
    requireVisible(request, row, id);
    return jsonReply(200, imageView(row));
  }
  const changed = await store.change(id, (row) => {
    requireVisible(request, row, id);
    const next = operations.reduce((now, each) => applied(now, each, request), row);
    const isNew = (name: string): boolean => !Object.hasOwn(row.properties, name);
    if (Object.keys(next.properties).some(isNew)) requirePropertyCount(next.properties);
    requireStorable({ ...next.properties, ...next });
    return { ...next, updated_at: store.now() };
  });
  return jsonReply(200, imageView(changed));
}

function applied(row: ImageRow, operation: PatchOperation, request: ImageRequest): ImageRow {
  const { op, name, value } = operation;
  if (name === 'locations') throw locationsRefused(operation);
  if (name === 'owner' && op !== 'remove' && !request.isAdmin)
    throw accessDenied("Owner can't be updated by non admin.");
  if (name === 'visibility') requireMayPublish(request, value);
  requireOwner(request, row);
  const isField = isSettable(name);
  const isThere = isField || Object.hasOwn(row.properties, name);
  if (op === 'remove' && isField) throw accessDenied(`Property ${name} may not be removed.`);
  if (op !== 'add' && !isThere) throw conflictDetail(`Property ${name} does not exist.`);
  if (operation.mustBeNew && isThere) throw conflictDetail(`Property ${name} already present.`);
  if (isField) return { ...row, ...setters[name](row, value as never) };
  const others = Object.entries(row.properties).filter(([each]) => each !== name);
  if (op === 'remove') return { ...row, properties: Object.fromEntries(others) };
  if (name.length > longestPropertyName)
    throw badRequest('Custom property should not be greater than 255 characters.');
  return { ...row, properties: Object.fromEntries([...others, [name, value as string | null]]) };
}

const longestPropertyName = 255;

function isSettable(name: string): name is Settable {
  return Object.hasOwn(setters, name);
}

/** They are not shown, so nobody changes them. */
function locationsRefused({ op, value }: PatchOperation): Error {
  if (op === 'replace' && Array.isArray(value) && value.length === 0)
    return accessDenied('Cannot set locations to empty list.');
  const verb = op === 'replace' ? 'update' : op;
  return forbidden(`It's not allowed to ${verb} locations if locations are invisible.`);
}

function requireQueued({ status }: ImageRow, name: string): void {
  if (status !== 'queued')
    throw forbidden(`Attribute ${name} can be only replaced for a queued image.`);
}
