import { createHash } from 'node:crypto';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isTransient } from '../../../kernel/errors.ts';
import { madeOutsideHeap } from '../../../kernel/outside-heap.ts';
import type { TargetContext } from '../../mover.ts';
import { tapped } from '../../transfer/tapped.ts';
import { codecHint, decompressor, isKnownCodec } from '../layout/codec.ts';
import type { Chunk } from '../layout/metadata.ts';
import type { Findings } from '../../findings.ts';

const attempts = 4;
const firstPauseMs = 500;

/** Objects up to here are held whole, to be known again. */
const smallBytes = 256 * 1024;
/** Contents worth remembering unpack to so many times what they take; nothing but zeros does that often. */
const worthwhileRatio = 100;

interface Content {
  /** MD5 of the stored bytes. */
  readonly etag: string;
  /** Of the unpacked ones. */
  readonly md5: string;
  readonly length: number;
}

/**
 * What small objects unpacked to, by the MD5 of their stored bytes. Most of most volumes is zeros, and
 * every chunk of them is stored as the same few bytes, which then need be unpacked once only.
 */
export type KnownContents = Map<string, Content>;

/**
 * Reads one object back, as a stream whatever its size: the MD5 of the stored bytes is its ETag, the
 * MD5 and length of the unpacked ones are what `_metadata` says. A connection that breaks is tried
 * again; bytes that arrive and are wrong are a finding.
 */
export async function verifyChunk(
  container: string,
  chunk: Chunk,
  at: TargetContext,
  findings: Findings,
  known: KnownContents,
  { clock, random }: Ambient,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await readOnce(container, chunk, at, findings, known);
      return;
    } catch (error) {
      at.signal.throwIfAborted();
      if (!isTransient(error) || attempt === attempts) throw error;
      await clock.sleep(firstPauseMs * 2 ** attempt * (0.5 + random.next()), at.signal);
    }
  }
}

async function readOnce(
  container: string,
  chunk: Chunk,
  at: TargetContext,
  findings: Findings,
  known: KnownContents,
): Promise<void> {
  const subject = `${container}/${chunk.object}`;
  const { compression } = chunk;
  if (!isKnownCodec(compression)) {
    findings.add(
      subject,
      'unreadable',
      `compressed with ${compression}, which cannot be checked here: ${codecHint}`,
    );
    return;
  }
  const download = await at.target.objectStore.get(container, chunk.object, { signal: at.signal });
  if (download === null) {
    findings.add(subject, 'missing', `expected ${chunk.length} bytes`);
    return;
  }
  const { bytes, etag } = download.info;
  const found =
    bytes > smallBytes
      ? await readStream(download.body, compression, at.signal)
      : await readSmall(await buffer(download.body), compression, known, at.signal);
  if ('unreadable' in found)
    findings.add(subject, 'altered', `cannot be unpacked as ${compression}: ${found.unreadable}`);
  else if (found.length !== chunk.length)
    findings.add(
      subject,
      found.length < chunk.length ? 'truncated' : 'altered',
      `expected ${chunk.length} bytes unpacked, found ${found.length}`,
    );
  else if (found.md5 !== chunk.md5)
    findings.add(subject, 'altered', `expected MD5 ${chunk.md5} unpacked, found ${found.md5}`);
  else if (found.etag !== etag)
    findings.add(subject, 'altered', `expected ETag ${etag}, found ${found.etag}`);
}

type Read = Content | { readonly unreadable: string };

async function readSmall(
  stored: Buffer,
  compression: string,
  known: KnownContents,
  signal: AbortSignal,
): Promise<Read> {
  const key = `${compression} ${createHash('md5').update(stored).digest('hex')}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = await readStream(Readable.from([stored]), compression, signal);
  if (!('unreadable' in found) && found.length >= worthwhileRatio * stored.length)
    known.set(key, found);
  return found;
}

/** Throws what the connection's failure was: that is nobody's finding. */
async function readStream(body: Readable, compression: string, signal: AbortSignal): Promise<Read> {
  const unpack = decompressor(compression) ?? new PassThrough();
  const stored = createHash('md5');
  const plain = createHash('md5');
  let length = 0;
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      // A decompressor's own each time.
      madeOutsideHeap(piece.length);
      plain.update(piece);
      length += piece.length;
      done();
    },
  });
  // A pipeline ends all its streams with the error of the one that failed: the first to tell is it.
  let failed: 'download' | 'unpacking' | undefined;
  body.once('error', () => (failed ??= 'download'));
  unpack.once('error', () => (failed ??= 'unpacking'));
  try {
    await pipeline(
      tapped(body, (piece) => stored.update(piece)),
      unpack,
      sink,
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (failed !== 'unpacking') throw error;
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
  return { etag: stored.digest('hex'), md5: plain.digest('hex'), length };
}
