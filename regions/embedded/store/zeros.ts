/** What a file system allots at once, or more: a run of zeros of this length stays a hole. */
export const holeBytes = 32 * 1024;
const zeros = Buffer.alloc(holeBytes);

export function isZero(data: Buffer): boolean {
  for (let at = 0; at < data.length; at += holeBytes) {
    const length = Math.min(holeBytes, data.length - at);
    if (data.compare(zeros, 0, length, at, at + length) !== 0) return false;
  }
  return true;
}
