import type { Call } from '../../http/call.ts';
import { jsonOf, mediaTypeOf } from '../image-request.ts';
import { badRequest, forbidden, unsupportedMedia } from '../replies/image-refusal.ts';
import { requireImageShape } from '../schema/image-schema.ts';
import { pythonText } from '../schema/python-text.ts';
import { isObject } from '../schema/is-object.ts';
import { isReadOnly, isReserved } from './field-rights.ts';
import { parsePointer } from './json-pointer.ts';

const operationNames = ['add', 'remove', 'replace'] as const;

export interface PatchOperation {
  readonly op: (typeof operationNames)[number];
  /** The first part of the path. */
  readonly name: string;
  /** Of a `remove` nothing. */
  readonly value: unknown;
  /** Draft 4's `add` refuses what is there already. */
  readonly mustBeNew: boolean;
}

/** By the drafts of JSON Schema that Glance names them after. */
const drafts: Readonly<Record<string, 4 | 10>> = {
  'application/openstack-images-v2.0-json-patch': 4,
  'application/openstack-images-v2.1-json-patch': 10,
};

/** Every operation of the patch, checked by itself. Throws a refusal of 400, 403, 413 or 415. */
export async function patchOperations(call: Call): Promise<readonly PatchOperation[]> {
  const mediaType = mediaTypeOf(call);
  const draft = Object.hasOwn(drafts, mediaType) ? drafts[mediaType] : undefined;
  if (draft === undefined)
    throw unsupportedMedia(mediaType, { 'accept-patch': Object.keys(drafts).join(', ') });
  const body = await jsonOf(call);
  if (!Array.isArray(body))
    throw badRequest('Request body must be a JSON array of operation objects.');
  return body.map((raw: unknown) => {
    if (!isObject(raw)) throw badRequest('Operations must be JSON objects.');
    return operation(raw, draft);
  });
}

function operation(raw: Readonly<Record<string, unknown>>, draft: 4 | 10): PatchOperation {
  const { op, pointer } = draft === 10 ? draft10(raw) : draft4(raw);
  const path = parsePointer(pointer);
  const name = path[0] ?? '';
  if (path.length !== depth(op, name))
    throw badRequest(`Invalid JSON pointer for this resource: '/${path.join('/')}'`);
  if (op !== 'remove' && !Object.hasOwn(raw, 'value'))
    throw badRequest(`Operation "${op}" requires a member named "value".`);
  if (isReadOnly(name)) throw forbidden(`Attribute '${name}' is read-only.`);
  if (isReserved(name)) throw forbidden(`Attribute '${name}' is reserved.`);
  const { value } = raw;
  if (op !== 'remove') requireImageShape({ [name]: path.length === 1 ? value : [value] });
  return { op, name, value, mustBeNew: op === 'add' && draft === 4 };
}

/** Only `locations` is changed by the element. */
function depth(op: PatchOperation['op'], name: string): number {
  return name === 'locations' && op !== 'replace' ? 2 : 1;
}

interface Named {
  readonly op: PatchOperation['op'];
  readonly pointer: unknown;
}

function draft10(raw: Readonly<Record<string, unknown>>): Named {
  const available = operationNames.join(', ');
  if (raw.op === undefined || raw.op === null)
    throw badRequest(
      'Unable to find `op` in JSON Schema change. ' +
        `It must be one of the following: ${available}.`,
    );
  const op = operationNames.find((name) => name === raw.op);
  if (op === undefined) {
    const given = typeof raw.op === 'string' ? raw.op : pythonText(raw.op);
    throw badRequest(
      `Invalid operation: \`${given}\`. It must be one of the following: ${available}.`,
    );
  }
  if (!Object.hasOwn(raw, 'path')) throw badRequest("Unable to find 'path' in JSON Schema change");
  return { op, pointer: raw.path };
}

/** The operation's name holds the path. */
function draft4(raw: Readonly<Record<string, unknown>>): Named {
  const [op, ...more] = operationNames.filter((name) => Object.hasOwn(raw, name));
  if (op === undefined || more.length > 0)
    throw badRequest(
      `Operation objects must contain ${op === undefined ? 'exactly' : 'only'} one member named ` +
        '"add", "remove", or "replace".',
    );
  return { op, pointer: raw[op] };
}
