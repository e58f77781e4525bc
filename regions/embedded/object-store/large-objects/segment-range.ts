/** Bytes of a segment: both ends included; without `first` the last so many, without `last` to the end. */
export interface SegmentRange {
  readonly first?: number;
  readonly last?: number;
}

/** `1-2`, `1-`, `-2`, or several by commas. Undefined: none of these. */
export function segmentRanges(text: string): readonly SegmentRange[] | undefined {
  const ranges: SegmentRange[] = [];
  for (const item of text.split(',')) {
    const found = /^\s*(\d{0,15})-(\d{0,15})\s*$/.exec(item);
    const [, first = '', last = ''] = found ?? [];
    if (first + last === '' || (first !== '' && last !== '' && Number(first) > Number(last)))
      return undefined;
    ranges.push({
      ...(first === '' ? {} : { first: Number(first) }),
      ...(last === '' ? {} : { last: Number(last) }),
    });
  }
  return ranges;
}

/** What of it there is in an object of that size; undefined: nothing. */
export function resolvedRange(
  { first, last }: SegmentRange,
  bytes: number,
): { readonly first: number; readonly last: number } | undefined {
  if (first === undefined)
    return last === 0 || bytes === 0
      ? undefined
      : { first: Math.max(0, bytes - (last ?? 0)), last: bytes - 1 };
  return first >= bytes ? undefined : { first, last: Math.min(last ?? Infinity, bytes - 1) };
}
