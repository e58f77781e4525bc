import type { RawRequest } from './raw-request.ts';

type Framed = Pick<RawRequest, 'body' | 'isCut'> & { readonly headers: RawRequest['headers'] };

const end = '0\r\n\r\n';

function lengthOf(value: number | string): RawRequest['headers'] {
  return [['Content-Length', String(value)]];
}

const inChunks: RawRequest['headers'] = [['Transfer-Encoding', 'chunked']];

function chunk(part: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
}

/** How a body is told from what follows it; the last ones are no HTTP, or end in the middle. */
export const framings = {
  length: (body: Buffer): Framed => ({ headers: lengthOf(body.length), body }),
  chunks: (body: Buffer): Framed => {
    const parts = [body.subarray(0, 1), body.subarray(1, 9), body.subarray(9)];
    const sent = parts.filter(({ length }) => length > 0).map(chunk);
    return { headers: inChunks, body: Buffer.concat([...sent, Buffer.from(end)]) };
  },
  none: (): Framed => ({ headers: [], body: Buffer.alloc(0) }),
  tooShort: (body: Buffer): Framed => ({
    headers: lengthOf(Math.max(body.length - 3, 0)),
    body,
  }),
  tooLong: (body: Buffer): Framed => ({ headers: lengthOf(body.length + 9), body, isCut: true }),
  endless: (body: Buffer): Framed => ({ headers: inChunks, body: chunk(body), isCut: true }),
  badChunk: (body: Buffer): Framed => ({
    headers: inChunks,
    body: Buffer.concat([chunk(Buffer.from('x')), Buffer.from('zz\r\n'), body]),
    isCut: true,
  }),
  huge: (body: Buffer): Framed => ({ headers: lengthOf(2 ** 50), body, isCut: true }),
  absurd: (body: Buffer): Framed => ({ headers: lengthOf('-1'), body, isCut: true }),
} as const;

export type Framing = keyof typeof framings;
