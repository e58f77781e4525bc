/**
 * A piece read from a socket is 64 KiB outside V8's heap, held by a small object within it. V8 collects
 * young objects when *they* fill their room, which thousands of pieces do not; it sees the memory outside
 * grow, and answers with collections of the whole heap. A collection of the young ones each 8 MiB frees
 * the pieces while the processor's caches still hold them: a third of the CPU of a large transfer.
 * `--expose-gc` allows it; without that flag V8 is left to itself.
 */
const collectEach = 8 * 1024 * 1024;

let pending = 0;

/** To be told of what streams read; what is small is copied by Node into a buffer of its own size. */
export function socketRead(bytes: number): void {
  pending += bytes;
  if (pending < collectEach) return;
  pending = 0;
  globalThis.gc?.({ type: 'minor' });
}
