import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { splitPath } from '../bulk/names.ts';
import type { Found } from '../find-object.ts';
import { blobContent } from '../object/blob-content.ts';
import type { ObjectRecord } from '../records.ts';
import { page } from '../refusals.ts';
import type { Content, Core, Request } from '../request.ts';
import { composed } from './composed.ts';
import { rawManifest, type Segment, storedManifest } from './manifest.ts';
import { piecesOf } from './pieces.ts';
import { openPiece, segmentFound } from './segment.ts';

type Slo = NonNullable<ObjectRecord['slo']>;

/** The segments of a static large object put together. */
export function staticContent(core: Core, request: Request, found: Found, slo: Slo): Content {
  const manifestOf = async (record: ObjectRecord) => {
    const content = blobContent(core, record);
    const body = await content?.open(0, content.bytes - 1);
    const segments = body === undefined ? undefined : await storedManifest(body);
    // What is no manifest any more is no better than a missing segment.
    if (segments === undefined) throw page(409);
    return segments;
  };
  return {
    bytes: slo.bytes,
    etag: `"${slo.etag}"`,
    headers: { 'x-manifest-etag': found.record.etag },
    open: async (first, last) => {
      const segments = await manifestOf(found.record);
      const pieces = piecesOf(segments, first, last, async ({ name }) => {
        const inner = await segmentFound(core, request, splitPath(name));
        return manifestOf(inner.record);
      });
      return composed(pieces, (piece) => openPiece(core, request, piece), last - first + 1);
    },
  };
}

/** The manifest itself; in the form of a PUT with `format=raw`. Undefined: its bytes are lost. */
export async function manifestContent(
  core: Core,
  request: Request,
  { record }: Found,
): Promise<Content | undefined> {
  const content = blobContent(core, record);
  if (request.query.get('format') !== 'raw')
    return (
      content && {
        ...content,
        headers: { 'content-type': 'application/json; charset=utf-8' },
      }
    );
  // Swift has no body to turn into the other form when it is asked with HEAD.
  const isHead = request.method === 'HEAD';
  const segments = isHead ? [] : await segmentsOf(content);
  const raw = Buffer.from(rawManifest(segments));
  return {
    bytes: raw.length,
    etag: createHash('md5').update(raw).digest('hex'),
    open: (first, last) =>
      Promise.resolve(Readable.from([raw.subarray(first, last + 1)], { objectMode: false })),
  };
}

async function segmentsOf(content: Content | undefined): Promise<readonly Segment[]> {
  const body = await content?.open(0, content.bytes - 1);
  return (body && (await storedManifest(body))) ?? [];
}
