/** By the bytes of UTF-8, without making them: code units, but halves of pairs after all others. */
export function compareNames(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a === b) continue;
    const isPairA = a >= 0xd800 && a <= 0xdfff;
    const isPairB = b >= 0xd800 && b <= 0xdfff;
    return isPairA === isPairB ? a - b : isPairA ? 1 : -1;
  }
  return left.length - right.length;
}
