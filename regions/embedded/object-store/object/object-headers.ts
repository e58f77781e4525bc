import { limits } from '../metadata.ts';
import type { HeaderMap } from '../records.ts';
import { plain } from '../refusals.ts';
import type { Core } from '../request.ts';

export const reservedParameter = 'Invalid Content-Type, swift_* is not a valid parameter name.';

const kept: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-object-manifest',
  'x-robots-tag',
]);

/** Of a request's headers, or of another object's, those that an object keeps. */
export function keptHeaders(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => kept.has(name) || name.startsWith('x-object-meta-')),
  );
}

/** Seconds since the epoch, from X-Delete-After or X-Delete-At. Throws a Refusal of 400. */
export function deleteAtOf(core: Core, headers: HeaderMap): number | undefined {
  const now = core.state.nowSeconds();
  const after = headers['x-delete-after'];
  if (after !== undefined) {
    const seconds = integerOf(after, 'Non-integer X-Delete-After');
    if (seconds <= 0) throw plain(400, 'X-Delete-After in past');
    return Math.min(now + seconds, latestSeconds);
  }
  const at = headers['x-delete-at'];
  if (at === undefined) return undefined;
  const seconds = integerOf(at, 'Non-integer X-Delete-At');
  if (seconds <= now) throw plain(400, 'X-Delete-At in past');
  return Math.min(seconds, latestSeconds);
}

const latestSeconds = 9_999_999_999;

function integerOf(text: string, complaint: string): number {
  if (!/^\s*[+-]?\d{1,20}\s*$/.test(text)) throw plain(400, complaint);
  return Number(text);
}

/** The body's size as announced; undefined for chunks. Throws Refusals of 400, 411, 413 and 501. */
export function announcedBytes(headers: HeaderMap): number | undefined {
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    throw plain(
      501,
      'Unsupported Transfer-Coding header value specified in Transfer-Encoding header',
    );
  const length = headers['content-length'];
  if (length === undefined) {
    if (encoding === undefined) throw plain(411, 'Missing Content-Length header.');
    return undefined;
  }
  if (!/^\d+$/.test(length)) throw plain(400, 'Invalid Content-Length header value');
  if (Number(length) > limits.fileBytes) throw plain(413, 'Your request is too large.');
  return Number(length);
}
