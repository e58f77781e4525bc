const mostRanges = 50;
const mostOverlaps = 2;
const fewestOutOfOrder = 8;

/** Both ends included. */
export type ByteRange = readonly [first: number, last: number];

/**
 * What a Range header asks for. Undefined: all of it, the header being absent or malformed. Empty:
 * nothing of that can be had (416).
 */
export function byteRanges(
  header: string | undefined,
  bytes: number,
): readonly ByteRange[] | undefined {
  const text = (header ?? '').replaceAll(' ', '');
  if (!text.toLowerCase().startsWith('bytes=')) return undefined;
  const ranges: ByteRange[] = [];
  for (const part of text.slice('bytes='.length).split(',')) {
    const match = /^(\d*)-(\d*)$/.exec(part);
    if (match === null || part === '-') return undefined;
    const [, first = '', last = ''] = match;
    if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
    if (first === '') {
      const count = Number(last);
      if (count > 0) ranges.push([Math.max(bytes - count, 0), bytes - 1]);
    } else if (Number(first) < bytes)
      ranges.push([Number(first), last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)]);
  }
  // A suffix of nothing is all of nothing.
  if (bytes === 0 && ranges.length > 0) return undefined;
  return isReasonable(ranges) ? ranges : [];
}

/** Swift refuses what would make it send the same bytes over and over. */
function isReasonable(ranges: readonly ByteRange[]): boolean {
  if (ranges.length > mostRanges) return false;
  let overlaps = 0;
  let isAscending = true;
  for (const [index, [first, last]] of ranges.entries()) {
    for (const [otherFirst, otherLast] of ranges.slice(index + 1))
      if (first <= otherLast && otherFirst <= last) overlaps++;
    const next = ranges[index + 1];
    if (next !== undefined && first > next[0]) isAscending = false;
  }
  return overlaps <= mostOverlaps && (isAscending || ranges.length < fewestOutOfOrder);
}
