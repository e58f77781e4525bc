import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { TarError } from './tar-reader.ts';

export type Compression = 'none' | 'gzip';

/** By the query's word. */
export const compressions: ReadonlyMap<string, Compression> = new Map([
  ['tar', 'none'],
  ['tar.gz', 'gzip'],
]);

const gzipMagic = '1f8b';

/** The archive's bytes, unpacked; what is cut short just ends. Throws TarError. */
export async function archiveBytes(body: Readable, compression: Compression): Promise<ByteReader> {
  const packed = new ByteReader(body as AsyncIterable<Buffer>);
  if (compression === 'none') return packed;
  const magic = await packed.read(2);
  if (magic.toString('hex') !== gzipMagic) throw new TarError('not a gzip file');
  const whole = async function* () {
    yield magic;
    yield* packed.rest();
  };
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  // Its errors reach whoever reads.
  pipeline(Readable.from(whole()), gunzip, () => undefined);
  return new ByteReader(unpacked(gunzip));
}

async function* unpacked(gunzip: Readable): AsyncGenerator<Buffer> {
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch {
    throw new TarError('invalid compressed data');
  }
}
