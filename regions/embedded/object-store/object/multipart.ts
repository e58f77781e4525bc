import { Readable } from 'node:stream';
import { partsOf } from '../body.ts';
import type { Content } from '../request.ts';
import type { ByteRange } from './byte-ranges.ts';

export interface Multipart {
  readonly contentType: string;
  readonly bytes: number;
  body(): Readable;
}

/** Several ranges as `multipart/byteranges`. */
export function multipart(
  content: Content,
  contentType: string,
  ranges: readonly ByteRange[],
  boundary: string,
): Multipart {
  const head = ([first, last]: ByteRange) =>
    Buffer.from(
      `--${boundary}\r\nContent-Type: ${contentType}\r\n` +
        `Content-Range: bytes ${first}-${last}/${content.bytes}\r\n\r\n`,
      'latin1',
    );
  const end = `--${boundary}--`;
  const bytes = ranges.reduce(
    (sum, range) => sum + head(range).length + range[1] - range[0] + 1 + 2,
    end.length,
  );
  async function* parts(): AsyncGenerator<Buffer> {
    for (const range of ranges) {
      yield head(range);
      yield* partsOf(await content.open(...range));
      yield Buffer.from('\r\n');
    }
    yield Buffer.from(end);
  }
  return {
    contentType: `multipart/byteranges;boundary=${boundary}`,
    bytes,
    body: () => Readable.from(parts(), { objectMode: false }),
  };
}
