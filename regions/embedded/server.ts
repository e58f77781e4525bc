import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { Faults, type RequestFault, type ServiceName } from './faults/faults.ts';
import { Link } from './faults/link.ts';
import type { Call } from './http/call.ts';
import { Refusal } from './http/refusal.ts';
import { type Reply, send } from './http/reply.ts';
import { answer, type Service } from './http/service.ts';

/** Where a service is found below the region's address. */
export interface Mount {
  /** Tried in order; the first that the path is or goes on from. Empty: everything. */
  readonly prefix: string;
  readonly service: Service;
  /** Its calls carry the whole path. */
  readonly keepsPrefix?: true;
  /** Without one, no request fault meets it. */
  readonly name?: ServiceName;
}

export interface Listening {
  readonly url: string;
  /** Refuses connections, and ends those there are, as a machine that is off. */
  suspend(): Promise<void>;
  /** Listens at the same port again. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** What stands between the clients and the services. */
export interface Edge {
  readonly faults: Faults;
  readonly clock: Clock;
}

/** Port 0: a free one. Throws what the system says when the address cannot be had. */
export async function serve(
  mounts: readonly Mount[],
  address: { readonly host: string; readonly port: number },
  log: Log,
  edge: Edge = { faults: new Faults(), clock: systemClock },
): Promise<Listening> {
  const door = new Door(mounts, log, edge);
  const respond = (request: IncomingMessage, response: ServerResponse) =>
    void door.respond(request, response);
  // A large body over a slow link takes as long as it takes.
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, respond);
  // The services expect nothing but 100-continue, and overlook the rest.
  server.on('checkExpectation', respond);
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  const { host } = address;
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    suspend: stop,
    resume: () => listen(server, { host, port }),
    close: stop,
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

class Door {
  readonly #mounts: readonly Mount[];
  readonly #log: Log;
  readonly #faults: Faults;
  readonly #link: Link;
  readonly #clock: Clock;

  constructor(mounts: readonly Mount[], log: Log, { faults, clock }: Edge) {
    this.#mounts = mounts;
    this.#log = log;
    this.#faults = faults;
    this.#link = new Link(faults, clock);
    this.#clock = clock;
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const mount = this.#mounts.find(
      ({ prefix }) => path === prefix || path.startsWith(`${prefix}/`),
    );
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const body = bodyOf(request, this.#link, gone.signal);
    const call: Call = {
      method,
      path: mount === undefined || mount.keepsPrefix ? path : path.slice(mount.prefix.length),
      query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
      headers: request.headers,
      body,
      origin: `http://${request.headers.host ?? '127.0.0.1'}`,
      ...(request.socket.remoteAddress === undefined ? {} : { peer: request.socket.remoteAddress }),
      signal: gone.signal,
    };
    const fault =
      mount?.name === undefined ? undefined : this.#faults.take(mount.name, method, path);
    try {
      await this.#exchange(mount?.service, call, fault, response);
    } catch (error) {
      this.#report(error, call);
      response.destroy();
    } finally {
      // What the service left unread is read and dropped, or the connection's next request would wait.
      if (body.closed) request.resume();
      else body.once('close', () => request.resume()).destroy();
    }
  }

  async #exchange(
    service: Service | undefined,
    call: Call,
    fault: RequestFault | undefined,
    response: ServerResponse,
  ): Promise<void> {
    const { signal } = call;
    await this.#link.through(signal);
    const heard = fault?.heldMs === undefined ? call : await this.#held(call, fault.heldMs);
    const reply =
      (service && spoiled(service, heard, fault)) ?? (await this.#replyOf(service, heard));
    // A file that can't be read, before anyone listens: seen again by whoever sends it.
    const stream = reply.body instanceof Readable ? reply.body : undefined;
    stream?.on('error', () => undefined);
    try {
      await this.#link.latency(signal);
      await this.#link.through(signal);
      await send(reply, response, call.method === 'HEAD', {
        through: this.#link.paced(signal),
        isClear: this.#link.isClear,
        cutAfterBytes: fault?.cutAfterBytes,
        signal,
      });
    } finally {
      stream?.destroy();
    }
  }

  /** Taken whole, as a proxy does, and passed on when its time has come, whoever waits for it by then. */
  async #held(call: Call, heldMs: number): Promise<Call> {
    const bytes = await buffer(call.body);
    const { signal } = new AbortController();
    await this.#clock.sleep(heldMs, signal);
    return { ...call, body: Readable.from([bytes], { objectMode: false }), signal };
  }

  async #replyOf(service: Service | undefined, call: Call): Promise<Reply> {
    if (service === undefined) return { status: 404, body: '' };
    try {
      return await answer(service, call);
    } catch (error) {
      this.#report(error, call);
      return { status: 500, body: 'the embedded region failed; its log says why\n' };
    }
  }

  #report(error: unknown, { method, path, signal }: Call): void {
    if (signal.aborted) return;
    this.#log.error('a request failed by a fault of the region', {
      method,
      path,
      error: error instanceof Error ? error.stack : String(error),
    });
  }
}

function spoiled(service: Service, call: Call, fault: RequestFault | undefined): Reply | undefined {
  if (fault?.status === undefined) return undefined;
  const { status, retryAfterSeconds } = fault;
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return service.refuse(new Refusal(status, STATUS_CODES[status] ?? 'Fault', headers), call);
}

/**
 * A stream of its own: a service may end it early without ending the connection. What is left of the
 * request is read and dropped then, or the connection's next one would wait. It fails when the client
 * goes away in its middle.
 */
function bodyOf(request: IncomingMessage, link: Link, signal: AbortSignal): Readable {
  const body = link.paced(signal);
  body.on('error', () => undefined);
  body.on('close', () => request.unpipe(body).resume());
  request.on('close', () => {
    if (!request.complete) body.destroy(new Error('the client went away'));
  });
  return request.pipe(body);
}
