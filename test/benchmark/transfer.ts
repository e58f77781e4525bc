import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';

const piece = Buffer.alloc(1 << 20, 'farshore');

/** Seconds that one PUT of so many bytes takes. */
export async function put(
  url: string,
  bytes: number,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const pieces = function* (): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= piece.length)
      yield left < piece.length ? piece.subarray(0, left) : piece;
  };
  const start = performance.now();
  const response = await request(url, {
    method: 'PUT',
    headers: { ...headers, 'content-length': String(bytes) },
    body: Readable.from(pieces(), { objectMode: false, highWaterMark: piece.length }),
    bodyTimeout: 0,
    headersTimeout: 0,
  });
  await response.body.dump();
  expectOk(response);
  return (performance.now() - start) / 1000;
}

/** Seconds that one GET takes, its body read and thrown away. */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const start = performance.now();
  const response = await request(url, { headers });
  expectOk(response);
  let bytes = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) bytes += part.length;
  return { seconds: (performance.now() - start) / 1000, bytes };
}

function expectOk({ statusCode }: Dispatcher.ResponseData): void {
  if (statusCode >= 300) throw new Error(`the answer was ${statusCode}`);
}
