import { createHash, hash } from 'node:crypto';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { OpenedObject } from '../../../regions/object-store/open-object.ts';
import type {
  ListingRow,
  ObjectDownload,
  ObjectInfo,
} from '../../../regions/object-store/types.ts';
import { keyOf, largeKeyOf } from '../../bank/stored-objects.ts';
import { tapped } from '../../transfer/tapped.ts';
import type { ShipContext } from './context.ts';
import { assertWhole, md5Of } from './guards.ts';

/** Where an object's own bytes lie, and what they are. */
export interface StoredBytes {
  readonly key: string;
  readonly md5: string;
  readonly sha256?: string;
}

/**
 * Read whole, hashed, and stored under the hash; not at all where the bank holds that content. The ETag
 * that the source gave goes along, so that the bank takes only the bytes that the source meant.
 */
export async function storeSmall(
  ctx: ShipContext,
  source: ListingRow,
  opened: OpenedObject,
  signal: AbortSignal,
): Promise<StoredBytes> {
  const { stored, contents, session } = ctx;
  const { info } = opened;
  const content = 'content' in opened ? opened.content : await bytesOf(opened);
  assertWhole(ctx, source.name, info.bytes, content.length);
  const sha256 = hash('sha256', content);
  const key = keyOf(sha256);
  const announced = md5Of(info.etag);
  const md5 = announced ?? hash('md5', content);
  const bytes = content.length;
  const mayBeThere = contents.mayHold(sha256) && !ctx.isDamagedKey(key);
  if (mayBeThere && (await stored.holds(key, { bytes, md5 }, signal))) {
    session.progress.present({ objects: 1, bytes });
    return { key, md5, sha256 };
  }
  await stored.put(key, content, { bytes, md5, signal });
  contents.add(sha256);
  session.progress.moved({ objects: 1, bytes });
  return { key, md5, sha256 };
}

async function bytesOf({ info, body }: ObjectDownload): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // More than was announced is never held.
    if (bytes > info.bytes) break;
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
}

/**
 * Streams, and hashes what passes, into a key that no other write has. The bank compares the MD5 where
 * the source's ETag is one, and else it is compared with the one that the bank found.
 */
export async function storeLarge(
  ctx: ShipContext,
  source: ListingRow,
  { info, body }: ObjectDownload,
  signal: AbortSignal,
): Promise<StoredBytes> {
  const { session, stored } = ctx;
  const key = newLargeKey(ctx);
  const announced = md5Of(info.etag);
  const sha256 = createHash('sha256');
  const md5 = announced === undefined ? createHash('md5') : undefined;
  let bytes = 0;
  let sourceError: Error | undefined;
  body.once('error', (error) => (sourceError ??= error));
  const content = tapped(body, (piece) => {
    sha256.update(piece);
    md5?.update(piece);
    bytes += piece.length;
    session.progress.moved({ bytes: piece.length });
  });
  try {
    const written = await stored.put(key, content, { bytes: info.bytes, md5: announced, signal });
    assertWhole(ctx, source.name, info.bytes, bytes);
    const found = announced ?? md5?.digest('hex') ?? '';
    if (written.etag !== found) throw alteredOnTheWay(ctx, source.name, found, written.etag);
    session.progress.moved({ objects: 1 });
    return { key, md5: found, sha256: sha256.digest('hex') };
  } catch (error) {
    session.progress.expect({ bytes });
    // A body that breaks off fails the PUT too; the source's own error says why.
    throw sourceError ?? error;
  }
}

/**
 * One Swift under both regions: a copy inside it. Nobody hashes the bytes, so no content is recognized
 * by its SHA-256: each lies under a key of its own, and two objects that were made to share an MD5 are
 * never taken for one. Reading everything once for the hash would cost what this topology is to save.
 */
export async function copyBytes(
  ctx: ShipContext,
  name: string,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<StoredBytes | 'missing' | 'refused'> {
  const { session, stored, container } = ctx;
  const key = newLargeKey(ctx);
  const { objectStore: store, projectId } = session.source;
  const written = await stored.copyFrom({ store, projectId, container, object: name }, key, signal);
  if (written === 'missing' || written === 'refused') return written;
  if (written.etag !== info.etag)
    throw new FarshoreError('the object changed while it was copied', {
      code: 'transfer.source-changed',
      kind: 'transient',
      operation: 'copy object',
      subject: `${container}/${name}`,
    });
  session.progress.copied({ objects: 1, bytes: info.bytes });
  return { key, md5: info.etag };
}

function newLargeKey({ session, ambient }: ShipContext): string {
  return largeKeyOf(`${session.sessionId}-${ambient.random.id()}`);
}

function alteredOnTheWay(
  ctx: ShipContext,
  name: string,
  sent: string,
  stored: string,
): FarshoreError {
  return new FarshoreError(`sent with MD5 ${sent}, stored with ${stored}`, {
    code: 'object-store.checksum-mismatch',
    kind: 'transient',
    operation: 'store object',
    subject: `${ctx.container}/${name}`,
    hint: 'the data changed on its way: it is sent again from the source',
  });
}
