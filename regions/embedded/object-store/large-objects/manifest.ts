import { createHash } from 'node:crypto';
import { type Body, partsOf } from '../body.ts';

/** A manifest as it is stored, and as `multipart-manifest=get` shows it. */
export type Segment = DataSegment | ObjectSegment;

export interface DataSegment {
  /** Base64. */
  readonly data: string;
}

export interface ObjectSegment {
  /** `/container/object` */
  readonly name: string;
  /** Of the object; a large object's are those of its content. */
  readonly bytes: number;
  readonly hash: string;
  readonly content_type: string;
  readonly last_modified: string;
  /** `first-last`, when it is not the whole object. */
  readonly range?: string;
  /** It is a static large object itself. */
  readonly sub_slo?: true;
}

export const mostSegments = 1_000;
export const longestManifestBytes = 8 << 20;
/** What we stored may say more of each segment than we were told. */
const longestStoredBytes = 4 * longestManifestBytes;

export function isData(segment: Segment): segment is DataSegment {
  return 'data' in segment;
}

/** Which bytes of the object it stands for; both ends included. */
export function spanOf({ range, bytes }: ObjectSegment): { first: number; last: number } {
  if (range === undefined) return { first: 0, last: bytes - 1 };
  const [first = 0, last = 0] = range.split('-').map(Number);
  return { first, last };
}

export function segmentBytes(segment: Segment): number {
  if (isData(segment)) return Buffer.from(segment.data, 'base64').length;
  const { first, last } = spanOf(segment);
  return last - first + 1;
}

/** The etag of the whole: md5 over those of the segments. */
export function composedEtag(segments: readonly Segment[]): string {
  const hash = createHash('md5');
  for (const segment of segments) {
    if (isData(segment))
      hash.update(createHash('md5').update(Buffer.from(segment.data, 'base64')).digest('hex'));
    else
      hash.update(segment.range === undefined ? segment.hash : `${segment.hash}:${segment.range};`);
  }
  return hash.digest('hex');
}

/** In the form of a PUT, so that it can be sent again. */
export function rawManifest(segments: readonly Segment[]): string {
  return JSON.stringify(
    segments.map((segment) =>
      isData(segment)
        ? segment
        : {
            etag: segment.hash,
            path: segment.name,
            ...(segment.range === undefined ? {} : { range: segment.range }),
            size_bytes: segment.bytes,
          },
    ),
  );
}

/** Undefined: these are not the bytes that were stored. */
export async function storedManifest(body: Body): Promise<readonly Segment[] | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of partsOf(body)) {
    bytes += part.length;
    if (bytes > longestStoredBytes) return undefined;
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return Array.isArray(value) ? (value as readonly Segment[]) : undefined;
  } catch {
    return undefined;
  }
}
