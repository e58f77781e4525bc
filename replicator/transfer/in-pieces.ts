import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';

const usualPieceBytes = 4 << 20;

/**
 * An object for a reader that pauses between its parts, as long as it likes: asked for in pieces, each
 * taken from its connection at once. A server closes a connection that nobody reads from (Swift after
 * `client_timeout`, 60 s). One piece is held. Null: there is no such object. The stream fails with
 * `region.…` errors, and with `transfer.object-changed` where the object was deleted, or is another one,
 * since its first piece: it never ends before the object's end.
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
  const subject = `${container}/${object}`;
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let first = 0; first < bytes; first += pieceBytes) {
      const range = { first, last: Math.min(first + pieceBytes, bytes) - 1 };
      const found = await store
        .get(container, object, { range, ifMatch: etag, signal })
        .catch((error: unknown) => {
          throw hasStatus(error, 412) ? changed(subject, 'replaced', error) : error;
        });
      if (found === null) throw changed(subject, 'deleted');
      yield await buffer(found.body);
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
}

/** Read again, it is missing or altered, or the new one: whatever it is, that is judged then. */
function changed(subject: string, how: 'deleted' | 'replaced', cause?: unknown): FarshoreError {
  return new FarshoreError(`it was ${how} while it was read`, {
    code: 'transfer.object-changed',
    kind: 'transient',
    operation: 'read object',
    subject,
    cause,
    hint: 'look who else writes or deletes there',
  });
}
