import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '../../regions/object-store/types.ts';

const usualPieceBytes = 4 << 20;

/**
 * An object for a reader that pauses between its parts, as long as it likes: asked for in pieces, each
 * taken from its connection at once. A server closes a connection that nobody reads from (Swift after
 * `client_timeout`, 60 s). One piece is held. Null: there is no such object. The stream fails with
 * `region.…` errors, and with status 412 where the object is another one since its first piece.
 */
export async function inPieces(
  store: Pick<ObjectStore, 'head' | 'get'>,
  container: string,
  object: string,
  signal: AbortSignal,
  pieceBytes: number = usualPieceBytes,
): Promise<Readable | null> {
  const info = await store.head(container, object, { signal });
  if (info === null) return null;
  const { bytes, etag } = info;
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let first = 0; first < bytes; first += pieceBytes) {
      const range = { first, last: Math.min(first + pieceBytes, bytes) - 1 };
      const found = await store.get(container, object, { range, ifMatch: etag, signal });
      if (found === null) return;
      yield await buffer(found.body);
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
}
