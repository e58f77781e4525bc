import { pipeline, Readable, type Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, createGzip } from 'node:zlib';

/** Fixed, so that the compressor always sees the same pieces for the same rows. */
const chunkChars = 64 * 1024;

/** Rows as gzip of JSON lines; the same rows give the same bytes (Node's gzip header has no time). */
export function packRows(rows: AsyncIterable<unknown>): AsyncIterable<Buffer> {
  return through(Readable.from(encodeLines(rows)), createGzip());
}

/** The other way round. Throws zlib's errors for what is no gzip, SyntaxError for what is no JSON. */
export function unpackRows(chunks: Readable): AsyncGenerator {
  return decodeLines(through(chunks, createGunzip()));
}

/** An error of the source comes out of the transform; ending the transform early ends the source. */
function through(source: Readable, transform: Transform): AsyncIterable<Buffer> {
  return pipeline(source, transform, () => undefined);
}

/** As they are: for what is read again at once and kept nowhere. */
export async function* encodeLines(rows: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let lines = '';
  for await (const row of rows) {
    lines += JSON.stringify(row) + '\n';
    if (lines.length < chunkChars) continue;
    yield Buffer.from(lines);
    lines = '';
  }
  if (lines !== '') yield Buffer.from(lines);
}

export async function* decodeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest !== '') throw new SyntaxError('the last line is cut short');
}
