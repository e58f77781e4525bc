import { splitPath } from '../bulk/names.ts';
import { page } from '../refusals.ts';
import { isData, type ObjectSegment, type Segment, segmentBytes, spanOf } from './manifest.ts';

/** Bytes `first` to `last` of one stored object, or bytes that the manifest holds itself. */
export type Piece =
  | Buffer
  | {
      readonly container: string;
      readonly object: string;
      /** What the object must still be. Undefined: whatever it is by now. */
      readonly expected?: { readonly etag: string; readonly bytes: number };
      readonly first: number;
      /** Infinity: to its end. */
      readonly last: number;
    };

const deepest = 10;

/**
 * What makes up the bytes `first` to `last` of a static large object, manifests within it resolved;
 * a manifest of which nothing is needed is not read. Throws a Refusal of 409.
 */
export async function* piecesOf(
  segments: readonly Segment[],
  first: number,
  last: number,
  manifestOf: (segment: ObjectSegment) => Promise<readonly Segment[]>,
  depth = 1,
): AsyncGenerator<Piece, void, undefined> {
  let at = 0;
  for (const segment of segments) {
    const length = segmentBytes(segment);
    const from = Math.max(0, first - at);
    const to = Math.min(length - 1, last - at);
    at += length;
    if (from > to) continue;
    if (isData(segment)) {
      yield Buffer.from(segment.data, 'base64').subarray(from, to + 1);
      continue;
    }
    const start = spanOf(segment).first;
    if (segment.sub_slo === true) {
      if (depth >= deepest) throw page(409);
      const inner = await manifestOf(segment);
      yield* piecesOf(inner, start + from, start + to, manifestOf, depth + 1);
      continue;
    }
    yield {
      ...splitPath(segment.name),
      expected: { etag: segment.hash, bytes: segment.bytes },
      first: start + from,
      last: start + to,
    };
  }
}
