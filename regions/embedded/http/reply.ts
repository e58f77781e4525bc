import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A stream needs its `content-length` among the headers, or is sent in chunks. */
  readonly body?: Readable | Buffer | string;
}

export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/**
 * Writes it; a stream that fails, or whose reader went away, ends the connection, and so does a body
 * that is longer than `cutAfterBytes`.
 */
export async function send(
  reply: Reply,
  response: ServerResponse,
  isHead: boolean,
  cutAfterBytes = Infinity,
): Promise<void> {
  const { status, headers = {}, body = '' } = reply;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (!(body instanceof Readable) && !response.hasHeader('content-length') && hasBody(status))
    response.setHeader('content-length', Buffer.byteLength(body));
  if (isHead) {
    if (body instanceof Readable) body.destroy();
    response.end();
  } else if (body instanceof Readable) await stream(body, response, cutAfterBytes);
  // A text would go out in one piece with the head, both as UTF-8.
  else if (cutAfterBytes === Infinity) response.end(Buffer.from(body));
  else await stream(Readable.from([Buffer.from(body)]), response, cutAfterBytes);
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

async function stream(body: Readable, response: ServerResponse, limitBytes: number): Promise<void> {
  let leftBytes = limitBytes;
  async function* upToLimit(pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      if (leftBytes > 0) yield piece.subarray(0, leftBytes);
      leftBytes -= piece.length;
      if (leftBytes < 0) return;
    }
  }
  try {
    // Not `flushHeaders`, which writes the head as UTF-8: a header holds bytes, as latin-1.
    response.write(Buffer.alloc(0));
    await pipeline(body, upToLimit, response, { end: false });
    if (leftBytes >= 0) response.end();
    else response.socket?.destroySoon();
  } catch {
    response.destroy();
  }
}
