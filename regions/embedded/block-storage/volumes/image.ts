import { json } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { innerCall, type InnerRequest } from '../../http/inner-call.ts';
import { Refusal } from '../../http/refusal.ts';
import { answer } from '../../http/service.ts';
import { isObject, isUuidLike } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import { gibBytes } from '../disk/disks.ts';

/** An image as a new volume needs it. */
export interface Image {
  readonly id: string;
  readonly sizeGib: number;
  readonly minDiskGib: number;
  readonly diskFormat: string;
  /** All of it, as Glance shows it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface GlanceReply {
  readonly status: number;
  readonly body: Readable;
}

/** Asks the region's Glance as whoever has the token. */
export async function glance(
  cinder: Cinder,
  request: InnerRequest,
  signal: AbortSignal,
): Promise<GlanceReply> {
  const { status, body = '' } = await answer(cinder.image, innerCall(request, signal));
  return { status, body: body instanceof Readable ? body : Readable.from([Buffer.from(body)]) };
}

/** JSON fields of Glance's answer; undefined for any status but 200 and 201. */
export async function glanceFields(
  cinder: Cinder,
  request: InnerRequest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const reply = await glance(cinder, request, signal);
  if (reply.status !== 200 && reply.status !== 201) {
    reply.body.destroy();
    return undefined;
  }
  const fields: unknown = await json(reply.body);
  return isObject(fields) ? fields : undefined;
}

/** By id, or by a name that only one image has. Throws 400 and 409. */
export async function findImage(
  cinder: Cinder,
  request: ApiRequest,
  reference: string,
): Promise<Image> {
  const id = reference.split('/').at(-1) ?? '';
  const { token } = request.requester;
  const get = (path: string): ReturnType<typeof glanceFields> =>
    glanceFields(cinder, { method: 'GET', path, token }, request.call.signal);
  let fields = isUuidLike(id) ? await get(`/v2/images/${id}`) : undefined;
  if (fields === undefined) {
    const list = await get(`/v2/images?${new URLSearchParams({ name: reference }).toString()}`);
    const images = Array.isArray(list?.['images']) ? (list['images'] as unknown[]) : [];
    if (images.length > 1)
      throw new Refusal(
        409,
        `Multiple matches found for '${reference}', use an ID to be more specific.`,
      );
    fields = isObject(images[0]) ? images[0] : undefined;
  }
  if (fields === undefined)
    throw new Refusal(400, 'Invalid image identifier or unable to access requested image.');
  const found = String(fields['id']);
  if (fields['status'] !== 'active')
    throw new Refusal(400, `Invalid input received: Image ${found} is not active.`);
  return {
    id: found,
    sizeGib: Math.ceil(Number(fields['size'] ?? 0) / gibBytes),
    minDiskGib: Number(fields['min_disk'] ?? 0),
    diskFormat: String(fields['disk_format']),
    fields,
  };
}

const core = ['checksum', 'container_format', 'disk_format', 'min_disk', 'min_ram', 'size'];
/** Of Glance alone: neither the image's content nor its user's properties. */
const notCopied = new Set([
  ...core,
  'id',
  'name',
  'status',
  'visibility',
  'protected',
  'owner',
  'tags',
  'created_at',
  'updated_at',
  'file',
  'schema',
  'self',
  'virtual_size',
  'os_hidden',
  'os_hash_algo',
  'os_hash_value',
  'locations',
  'direct_url',
  'stores',
  'members',
]);

/** What a volume made from the image remembers of it. */
export function imageMetadataOf(image: Image | null): Record<string, string> {
  if (image === null) return {};
  const { fields, id } = image;
  const kept: [string, unknown][] = [
    ...Object.entries(fields).filter(([key]) => !notCopied.has(key)),
    ['image_id', id],
    ['image_name', fields['name']],
    ...core.map((key): [string, unknown] => [key, fields[key]]),
  ];
  const shown: Record<string, string> = {};
  for (const [key, value] of kept)
    if (['string', 'number', 'boolean'].includes(typeof value)) shown[key] = String(value);
  return shown;
}

/** What an image made from a volume takes over: the properties that are not the old image's own. */
export function imagePropertiesOf(
  metadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = new Set([...core, 'image_id', 'image_name']);
  return Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !own.has(key) && !notCopied.has(key)),
  );
}
