import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../kernel/log.ts';
import type { Call } from './http/call.ts';
import { type Reply, send } from './http/reply.ts';
import { answer, type Service } from './http/service.ts';

/** Where a service is found below the region's address. */
export interface Mount {
  /** Tried in order; the first that the path is or goes on from. Empty: everything. */
  readonly prefix: string;
  readonly service: Service;
}

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Port 0: a free one. */
export async function serve(
  mounts: readonly Mount[],
  address: { readonly host: string; readonly port: number },
  log: Log,
): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void respond(mounts, request, response, log);
  });
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.host}:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      done();
    });
  });
}

async function respond(
  mounts: readonly Mount[],
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const mount = mounts.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const call: Call = {
    method,
    path: path.slice(mount?.prefix.length ?? 0),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: request.headers,
    body: request,
    origin: `http://${request.headers.host ?? '127.0.0.1'}`,
    signal: gone.signal,
  };
  const reply = await replyOf(mount?.service, call, log);
  await send(reply, response, method === 'HEAD');
}

async function replyOf(service: Service | undefined, call: Call, log: Log): Promise<Reply> {
  if (service === undefined) return { status: 404, body: '' };
  try {
    return await answer(service, call);
  } catch (error) {
    if (!call.signal.aborted)
      log.error('a request failed by a fault of the region', {
        method: call.method,
        path: call.path,
        error: error instanceof Error ? error.stack : String(error),
      });
    return { status: 500, body: 'the embedded region failed; its log says why\n' };
  }
}
