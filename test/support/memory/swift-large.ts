import { createHash } from 'node:crypto';

/** One entry of an SLO manifest in the form that PUT takes. */
export interface Segment {
  readonly path?: string;
  readonly etag?: string;
  readonly size_bytes?: number;
  readonly range?: string;
  readonly data?: string;
}

export function md5(body: Buffer | string): string {
  return createHash('md5').update(body).digest('hex');
}

/** The ETag that Swift computes for the whole. */
export function sloEtag(segments: readonly Segment[]): string {
  const parts = segments.map((segment) => {
    if (segment.data !== undefined) return md5(Buffer.from(segment.data, 'base64'));
    const etag = segment.etag ?? '';
    return segment.range === undefined ? etag : `${etag}:${segment.range};`;
  });
  return md5(parts.join(''));
}

export function slice(body: Buffer, range: string | undefined): Buffer {
  if (range === undefined) return body;
  const [first, last] = range.split('-');
  if (first === '') return body.subarray(-Number(last));
  return body.subarray(Number(first), last === '' ? undefined : Number(last) + 1);
}
