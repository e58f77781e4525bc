import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly url: string;
  /** Values hold the wire's bytes as latin-1. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A server on a port of its own; keeps what it saw. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Connections that ended before their answer did. */
  readonly cutOff: () => number;
}

/**
 * `answer` gets each request whole and gives its reply, or writes to `response` itself and gives
 * nothing.
 */
export async function serve(
  answer: (seen: Seen, response: ServerResponse) => Reply | Promise<Reply> | undefined,
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestServer> {
  const seen: Seen[] = [];
  let cutOff = 0;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: await buffer(request) };
    seen.push(one);
    response.on('close', () => (cutOff += response.writableFinished ? 0 : 1));
    const reply = await answer(one, response);
    if (reply === undefined) return;
    const isText = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
    const body = reply.body === undefined ? '' : isText ? reply.body : JSON.stringify(reply.body);
    response.writeHead(reply.status, reply.headers);
    response.end(body);
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A request cut off in its middle ends here too: there is nobody left to answer.
    take(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    cutOff: () => cutOff,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
