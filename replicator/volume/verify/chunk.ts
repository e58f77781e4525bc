import { createHash } from 'node:crypto';
import { PassThrough, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isTransient } from '../../../kernel/errors.ts';
import type { TargetContext } from '../../mover.ts';
import { codecHint, decompressor } from '../layout/codec.ts';
import type { Chunk } from '../layout/metadata.ts';
import type { Findings } from '../../findings.ts';

const attempts = 4;
const firstPauseMs = 500;

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
  { clock, random }: Ambient,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await readOnce(container, chunk, at, findings);
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
): Promise<void> {
  const subject = `${container}/${chunk.object}`;
  const unpack = decompressor(chunk.compression);
  if (unpack === undefined) {
    findings.add(
      subject,
      'unreadable',
      `compressed with ${chunk.compression}, which cannot be checked here: ${codecHint}`,
    );
    return;
  }
  const download = await at.target.objectStore.get(container, chunk.object, { signal: at.signal });
  if (download === null) {
    findings.add(subject, 'missing', `expected ${chunk.length} bytes`);
    return;
  }
  const stored = createHash('md5');
  const plain = createHash('md5');
  let length = 0;
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      plain.update(piece);
      length += piece.length;
      done();
    },
  });
  // A pipeline ends all its streams with the error of the one that failed: the first to tell is it.
  let failed: 'download' | 'unpacking' | undefined;
  download.body.once('error', () => (failed ??= 'download'));
  unpack?.once('error', () => (failed ??= 'unpacking'));
  try {
    const through = unpack ?? new PassThrough();
    await pipeline(download.body, tap(stored), through, sink, { signal: at.signal });
  } catch (error) {
    at.signal.throwIfAborted();
    // The connection's own failure is nobody's finding.
    if (failed !== 'unpacking') throw error;
    const why = error instanceof Error ? error.message : String(error);
    findings.add(subject, 'altered', `cannot be unpacked as ${chunk.compression}: ${why}`);
    return;
  }
  const etag = stored.digest('hex');
  const md5 = plain.digest('hex');
  if (length !== chunk.length)
    findings.add(
      subject,
      length < chunk.length ? 'truncated' : 'altered',
      `expected ${chunk.length} bytes unpacked, found ${length}`,
    );
  else if (md5 !== chunk.md5)
    findings.add(subject, 'altered', `expected MD5 ${chunk.md5} unpacked, found ${md5}`);
  else if (etag !== download.info.etag)
    findings.add(subject, 'altered', `expected ETag ${download.info.etag}, found ${etag}`);
}

function tap(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      done(null, piece);
    },
  });
}
