/** Of young buffers, between two collections. */
const collectEach = 8 * 1024 * 1024;

/** Beyond what was in use after the last collection of the whole heap. V8 by itself lets it be 64 MiB. */
const mostGarbage = 24 * 1024 * 1024;

let made = 0;
let inUse = Infinity;

/**
 * To be told of the buffers that a stream makes, by whoever makes many of them. V8 collects young objects
 * when *they* fill their room, which buffers outside its heap do not; it sees the memory outside grow, and
 * answers with a collection of the whole heap when that has grown by 64 MiB. A collection of the young ones
 * each 8 MiB frees most buffers while the processor's caches still hold them. Those that were on their way
 * through the process twice at such a moment are old then and wait for a collection of all: it comes with
 * each 24 MiB of them. `--expose-gc` allows both; without that flag V8 is left to itself.
 */
export function madeOutsideHeap(bytes: number): void {
  made += bytes;
  if (made < collectEach || globalThis.gc === undefined) return;
  made = 0;
  globalThis.gc({ type: 'minor' });
  const { external } = process.memoryUsage();
  inUse = Math.min(inUse, external);
  if (external - inUse < mostGarbage) return;
  globalThis.gc({ type: 'major' });
  // Freed by a thread beside this one: how much it was is seen next time.
  inUse = Infinity;
}
