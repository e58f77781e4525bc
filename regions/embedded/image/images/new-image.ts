import { jsonReply, type Reply } from '../../http/reply.ts';
import { type ImageRequest, jsonOf } from '../image-request.ts';
import { requireMayPublish } from '../records/access.ts';
import { type ImageRow, imageView, type Visibility } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import {
  requireNotNegative,
  requirePropertyCount,
  requireStorable,
  requireTagLimits,
} from '../records/limits.ts';
import { accessDenied, badRequest, conflict, forbidden } from '../replies/image-refusal.ts';
import { requireImageShape } from '../schema/image-schema.ts';
import { importMethods } from '../info.ts';
import { computedFields, isReserved, linkFields } from './field-rights.ts';

const longestPropertyName = 255;

/** POST /v2/images */
export async function createImage(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const given = await jsonOf(request.call);
  refuseReadOnly(given, linkFields);
  requireImageShape(given);
  const row = newRow(given, request, store);
  requireRights(request, row);
  refuseReadOnly(given, computedFields);
  if ('locations' in given) throw forbidden("Attribute 'locations' is reserved.");
  requireTagLimits(row.tags);
  requireNotNegative('min_disk', row.min_disk);
  requireNotNegative('min_ram', row.min_ram);
  requirePropertyCount(row.properties);
  requireStorable({ ...row.properties, ...row });
  if (!(await store.add(row))) throw conflict(`Image ID ${row.id} already exists!`);
  return jsonReply(201, imageView(row), {
    location: `${request.call.origin}/image/v2/images/${row.id}`,
    'openstack-image-import-methods': importMethods.join(','),
  });
}

function refuseReadOnly(given: object, names: ReadonlySet<string>): void {
  const name = Object.keys(given).find((each) => names.has(each));
  if (name !== undefined) throw forbidden(`Attribute '${name}' is read-only.`);
}

/** The schema has seen to the types. */
function newRow(
  given: Readonly<Record<string, unknown>>,
  request: ImageRequest,
  store: ImageStore,
): ImageRow {
  const now = store.now();
  const fields = {
    id: store.newId(),
    name: null,
    visibility: 'shared' as Visibility,
    protected: false,
    os_hidden: false,
    owner: request.owner,
    disk_format: null,
    container_format: null,
    min_disk: 0,
    min_ram: 0,
    tags: [] as readonly string[],
  };
  const isField = (name: string): boolean => Object.hasOwn(fields, name);
  const entries = Object.entries(given);
  const own = Object.fromEntries(entries.filter(([name]) => isField(name)));
  const row = { ...fields, ...(own as Partial<typeof fields>) };
  return {
    ...row,
    owner: row.owner === '' ? null : row.owner,
    tags: [...new Set(row.tags)],
    status: 'queued',
    size: null,
    virtual_size: null,
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    created_at: now,
    updated_at: now,
    properties: propertiesOf(entries.filter(([name]) => !isField(name))),
    members: [],
    data: null,
    staged: null,
  };
}

function propertiesOf(entries: readonly (readonly [string, unknown])[]): ImageRow['properties'] {
  const free = entries.filter(([name]) => !computedFields.has(name));
  for (const [name] of free) {
    if (name.length > longestPropertyName)
      throw badRequest('Custom property should not be greater than 255 characters.');
    if (isReserved(name)) throw accessDenied(`Attribute '${name}' is reserved.`);
  }
  return Object.fromEntries(free) as ImageRow['properties'];
}

function requireRights(request: ImageRequest, { owner, visibility }: ImageRow): void {
  requireMayPublish(request, visibility);
  if (request.isAdmin || owner === request.owner) return;
  throw forbidden(`You are not permitted to create images owned by '${String(owner)}'.`);
}
