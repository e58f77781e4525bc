import { badRequest, rangeRefused } from '../replies/image-refusal.ts';

/** Both included; `last` is at least `first`. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What of the data is wanted; undefined: all of it. Glance also takes a Content-Range for a wish.
 * Throws a refusal of 400 or 416.
 */
export function requestedRange(
  range: string | undefined,
  contentRange: string | undefined,
  bytes: number,
): ByteRange | undefined {
  if (range !== undefined) return fromRange(range, bytes);
  if (contentRange !== undefined) return fromContentRange(contentRange, bytes);
  return undefined;
}

function fromRange(text: string, bytes: number): ByteRange {
  if (text.includes(','))
    throw badRequest(
      'Requests with multiple ranges are not supported in Glance. ' +
        'You may make multiple single-range requests instead.',
    );
  const match = /^bytes *= *(\d*) *- *(\d*)/i.exec(text);
  const [, start = '', end = ''] = match ?? [];
  if (start === '' && end === '') throw rangeRefused('Invalid Range header.');
  if (start !== '' && end !== '' && Number(end) < Number(start))
    throw rangeRefused('Invalid Range header.');
  const isSuffix = start === '';
  // `bytes=-0` is all of it here, as is a suffix longer than the data.
  const suffix = Number(end) === 0 ? bytes : Math.min(Number(end), bytes);
  const first = isSuffix ? bytes - suffix : Number(start);
  if (first >= bytes) throw beyond('Range', bytes);
  const last = isSuffix || end === '' ? bytes - 1 : Math.min(Number(end), bytes - 1);
  return { first, last };
}

function fromContentRange(text: string, bytes: number): ByteRange {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  const all = match?.[3] === '*' ? Infinity : Number(match?.[3]);
  if (!(first <= last && last < all)) throw rangeRefused('Invalid Content-Range header.');
  if (first >= bytes) throw beyond('Content-Range', bytes);
  if (last >= bytes)
    throw rangeRefused(
      'Invalid stop position in Content-Range header. ' +
        `The stop position MUST be in the inclusive range [0, ${bytes - 1}].`,
    );
  return { first, last };
}

function beyond(name: string, bytes: number): Error {
  return rangeRefused(
    `Invalid start position in ${name} header. ` +
      `Start position MUST be in the inclusive range [0, ${bytes - 1}].`,
  );
}
