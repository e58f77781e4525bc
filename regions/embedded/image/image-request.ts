import type { Reply } from '../http/reply.ts';
import { type Call, header, parsedJson, wholeBody } from '../http/call.ts';
import { isAdmin, type Requester } from '../identity/authority.ts';
import type { ImageStore } from './records/image-store.ts';
import { badRequest } from './replies/image-refusal.ts';

/** A request below `/v2`, with whose it is. */
export interface ImageRequest {
  readonly call: Call;
  /** The project that the token is for; null for a token without one. */
  readonly owner: string | null;
  readonly isAdmin: boolean;
  /** The path's variable parts, decoded: `image_id`, `member_id`, `tag`. */
  readonly parts: Readonly<Record<string, string>>;
}

export type Action = (request: ImageRequest, store: ImageStore) => Promise<Reply>;

export function imageRequest(
  call: Call,
  requester: Requester,
  parts: Readonly<Record<string, string>>,
): ImageRequest {
  return { call, owner: requester.project?.id ?? null, isAdmin: isAdmin(requester), parts };
}

/** The path's variable part; the route that led here has it. */
export function part(request: ImageRequest, name: 'image_id' | 'member_id' | 'tag'): string {
  return request.parts[name] ?? '';
}

const methodsWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const longestBodyBytes = 1 << 20;

export function hasBody(call: Call): boolean {
  if (Number(header(call, 'content-length')) > 0) return true;
  return header(call, 'transfer-encoding') !== undefined && methodsWithBody.has(call.method);
}

/** An object or an array. Throws a refusal of 400 or 413. */
export async function jsonOf(call: Call): Promise<object> {
  if (!hasBody(call)) throw badRequest('Body expected in request.');
  const bytes = await wholeBody(call, longestBodyBytes);
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null)
    throw badRequest('Unexpected body type. Expected list/dict.');
  return value;
}

export const undecodable =
  'Error decoding your request. Either the URL or the request body contained characters that ' +
  'could not be decoded by Glance';

function parse(bytes: Buffer): unknown {
  try {
    return parsedJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest('Malformed JSON in request body.');
  }
}

/** `type/subtype` of the body, lower case, no parameters; plain text when none is named. */
export function mediaTypeOf(call: Call): string {
  return (header(call, 'content-type') ?? 'text/plain').split(';')[0]?.trim().toLowerCase() ?? '';
}
