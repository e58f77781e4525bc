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

/** Writes it; a stream that fails, or whose reader went away, ends the connection. */
export async function send(reply: Reply, response: ServerResponse, isHead: boolean): Promise<void> {
  const { status, headers = {}, body } = reply;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (body instanceof Readable && !isHead) {
    await pipeline(body, response).catch(() => response.destroy());
    return;
  }
  if (body instanceof Readable) body.destroy();
  else if (!response.hasHeader('content-length') && status !== 204 && status !== 304)
    response.setHeader('content-length', Buffer.byteLength(body ?? ''));
  response.end(isHead || body instanceof Readable ? undefined : body);
}
