import { Readable } from 'node:stream';
import type { Blob } from '../../store/blobs.ts';
import { DiskFull } from '../../store/disk-full.ts';
import { limits } from '../metadata.ts';
import { page, plain } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { lastModified } from '../times.ts';
import { unquoted } from './conditions.ts';
import { announcedBytes } from './object-headers.ts';

export const emptyEtag = 'd41d8cd98f00b204e9800998ecf8427e';

export interface StoredBytes {
  /** Null: there are none. */
  readonly blob: string | null;
  readonly bytes: number;
  readonly etag: string;
}

export const noBytes: StoredBytes = Object.freeze({ blob: null, bytes: 0, etag: emptyEtag });

/**
 * The request's body into a blob, hashed on the way and compared with its ETag header. Throws
 * Refusals of 400, 411, 413, 422, 499 and 507, and leaves nothing then.
 */
export async function storeBody(core: Core, request: Request): Promise<StoredBytes> {
  const announced = announcedBytes(request.headers);
  const { blobs } = core.state;
  if (announced === 0) return checked(core, request, noBytes);
  const { id, bytes, digests } = await written(core, request, announced);
  const stored = { blob: id, bytes, etag: digests[0] ?? '' };
  try {
    if (announced !== undefined && bytes !== announced) throw page(499);
    checked(core, request, stored);
  } catch (error) {
    await blobs.remove(id);
    throw error;
  }
  if (bytes > 0) return stored;
  await blobs.remove(id);
  return noBytes;
}

function checked(core: Core, { headers }: Request, stored: StoredBytes): StoredBytes {
  const expected = unquoted(headers.etag ?? '').toLowerCase();
  if (expected === '' || expected === stored.etag) return stored;
  throw page(422, '', { 'last-modified': lastModified(core.state.tick()) });
}

async function written(
  core: Core,
  { body, signal }: Request,
  announced: number | undefined,
): Promise<Blob> {
  try {
    const pieces =
      announced === undefined ? Readable.from(upTo(body), { objectMode: false }) : body;
    return await core.state.blobs.write(pieces, {
      algorithms: ['md5'],
      expectedBytes: announced,
      signal,
    });
  } catch (error) {
    if (signal.aborted || body.errored !== null) throw page(499);
    body.resume();
    if (error instanceof DiskFull || isNoSpace(error)) throw page(507);
    throw error;
  }
}

/** Of what comes in chunks nobody knows the size before. */
async function* upTo(body: Readable): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > limits.fileBytes) throw plain(413, 'Your request is too large.');
    yield piece;
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
