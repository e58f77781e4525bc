import { Refusal } from '../../http/refusal.ts';
import type { Body } from '../body.ts';
import { type Found, findObject } from '../find-object.ts';
import { blobContent } from '../object/blob-content.ts';
import { page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import type { Piece } from './pieces.ts';

interface SegmentName {
  readonly container: string;
  readonly object: string;
}

/** As if the client itself had asked for it. Throws the Refusal that it would have got. */
export function segmentFound(core: Core, request: Request, name: SegmentName): Promise<Found> {
  return findObject(core, { ...request, ...name, method: 'GET', query: new URLSearchParams() });
}

/** Throws a Refusal of 409 when the segment is not there, not open to the client, or another. */
export async function openPiece(
  core: Core,
  request: Request,
  { container, object, expected, first, last }: Exclude<Piece, Buffer>,
): Promise<Body> {
  const found = await segmentFound(core, request, { container, object }).catch(asConflict);
  const content = blobContent(core, found.record);
  if (content === undefined) throw page(409);
  const isExpected =
    expected === undefined || (content.etag === expected.etag && content.bytes === expected.bytes);
  if (!isExpected || first >= content.bytes) throw page(409);
  return content.open(first, Math.min(last, content.bytes - 1));
}

/** What keeps a segment away is no business of whoever reads the whole. */
export function asConflict(error: unknown): never {
  throw error instanceof Refusal ? page(409) : error;
}
