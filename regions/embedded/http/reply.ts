import type { ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
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

/** What a body passes on its way out. */
export interface Way {
  readonly through: Duplex;
  /** Whether a text needs to take it at all. */
  readonly isClear: boolean;
  /** The connection ends after so many bytes of it. */
  readonly cutAfterBytes: number | undefined;
  /** Aborts when the client goes away: a response that is closed already says nothing of it. */
  readonly signal: AbortSignal;
}

/**
 * Writes it; a stream that fails, or whose reader went away, ends the connection. A stream that is not
 * read stays the caller's.
 */
export async function send(
  reply: Reply,
  response: ServerResponse,
  isHead: boolean,
  way: Way,
): Promise<void> {
  const { status, headers = {}, body = '' } = reply;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (!(body instanceof Readable) && !response.hasHeader('content-length') && hasBody(status))
    response.setHeader('content-length', Buffer.byteLength(body));
  if (isHead) response.end();
  else if (body instanceof Readable) await stream(body, response, way);
  // A text would go out in one piece with the head, both as UTF-8: a header's value is bytes.
  else if (way.isClear && way.cutAfterBytes === undefined) response.end(Buffer.from(body));
  else await stream(Readable.from([Buffer.from(body)]), response, way);
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

/** A body that is no longer than where it is to be cut goes out whole. */
async function stream(
  body: Readable,
  response: ServerResponse,
  { through, cutAfterBytes, signal }: Way,
): Promise<void> {
  let leftBytes = cutAfterBytes ?? Infinity;
  async function* upToCut(pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      if (leftBytes > 0) yield piece.subarray(0, leftBytes);
      leftBytes -= piece.length;
      if (leftBytes < 0) return;
    }
  }
  try {
    if (cutAfterBytes === undefined) {
      await pipeline(body, through, response, { signal });
      return;
    }
    // What `flushHeaders` does, and not as UTF-8.
    response.write(Buffer.alloc(0));
    await pipeline(body, through, upToCut, response, { end: false, signal });
    if (leftBytes >= 0) response.end();
    else response.socket?.destroySoon();
  } catch {
    response.destroy();
  }
}
