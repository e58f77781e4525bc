import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { addAbortSignal, type Readable } from 'node:stream';
import axios from 'axios';
import { Agent as BulkAgent } from 'undici';
import type { TlsConfig } from '../identity/cloud-config.ts';
import { Collecting, type WholeAnswer, type WholeOutgoing } from './collecting.ts';
import type { Dispatched } from './dispatched.ts';
import { answerTooLarge } from './failure.ts';
import { flat } from './headers.ts';
import { ReadBuffers } from './read-buffers.ts';
import type { ServiceRequest } from './service-client.ts';
import { type StreamOutgoing, Streaming } from './streaming.ts';
import type { Watchdog } from './watchdog.ts';

export interface Outgoing {
  readonly method: ServiceRequest['method'];
  /** `https://host:port`. */
  readonly origin: string;
  /** Path and query, percent-encoded; sent as it is. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Answer<Body> {
  readonly status: number;
  /** Lower-case names; values hold the wire's bytes as latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

const userAgent = 'farshore';
const connectTimeoutMs = 10_000;
/** A listing page of 10,000 rows with names of 1,024 bytes is about 13 MB. */
const maxJsonBytes = 64 * 1024 * 1024;

/** Metadata, two ACLs of 8 KiB, and the like: Node's own 16 KiB is too little for what Swift takes. */
const maxHeaderBytes = 64 * 1024;

/**
 * The sockets of one region: sends one request once and gives the answer, whatever its status.
 * Proxies of the environment are not used. Redirects are not followed: a token would go with them.
 */
export class Transport {
  readonly #buffers = new ReadBuffers();
  readonly #bulk: BulkAgent;
  readonly #kept: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };
  readonly #fresh: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };

  constructor(tls: TlsConfig) {
    const { ca, cert, key } = tls;
    const secure = {
      rejectUnauthorized: tls.verify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const agents = (keepAlive: boolean) => ({
      httpAgent: new HttpAgent({ keepAlive }),
      httpsAgent: new HttpsAgent({ keepAlive, ...secure }),
    });
    this.#kept = agents(true);
    this.#fresh = agents(false);
    // The callers' watchdogs keep the time; undici's own timers would not see their clock.
    this.#bulk = new BulkAgent({
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: maxHeaderBytes,
      connect: this.#buffers.connector({
        ...secure,
        allowH2: false,
        timeout: connectTimeoutMs,
        keepAlive: true,
      }),
    });
  }

  /**
   * The answer's body whole, in memory. `isRepeatable` false takes a new connection, so that a kept
   * one which the service closed just then cannot leave it unknown whether the request arrived.
   */
  async json(
    request: Outgoing & {
      readonly data?: Buffer | undefined;
      readonly isRepeatable: boolean;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<Answer<Buffer>> {
    const { status, headers, data } = await axios.request<Readable>({
      ...(request.isRepeatable ? this.#kept : this.#fresh),
      method: request.method,
      url: request.origin + request.target,
      headers: { 'user-agent': userAgent, accept: 'application/json', ...request.headers },
      data: request.data,
      signal: request.signal,
      // A second line of defence: the signal comes first and says more.
      timeout: request.timeoutMs + 1_000,
      maxRedirects: 0,
      proxy: false,
      responseType: 'stream',
      transformRequest: [(sent: unknown) => sent],
      transformResponse: [(got: unknown) => got],
      validateStatus: () => true,
    });
    const told = flat(headers);
    const body = await bounded(addAbortSignal(request.signal, data), told['content-length']);
    return { status, headers: told, body };
  }

  /**
   * The answer's body whole, in memory, or the beginning of what is longer than `mostBytes`: the connection
   * is dropped then. Without a stream and a signal, which cost more than all else of a small request.
   */
  whole(request: WholeOutgoing): Promise<WholeAnswer> {
    return new Promise((resolve, reject) => {
      this.#dispatch(request, new Collecting(request, resolve, reject));
    });
  }

  /** The answer as a stream, which must be read or destroyed. */
  bulk(request: StreamOutgoing): Promise<Answer<Readable>> {
    return new Promise((resolve, reject) => {
      this.#dispatch(request, new Streaming(request, this.#buffers, resolve, reject));
    });
  }

  #dispatch(
    request: Outgoing & {
      readonly data?: AsyncIterable<Buffer> | Buffer | undefined;
      readonly watchdog: Pick<Watchdog, 'onEnd'>;
    },
    handler: Dispatched,
  ): void {
    request.watchdog.onEnd((reason) => handler.abort(reason));
    const sent = {
      origin: request.origin,
      path: request.target,
      method: request.method,
      headers: { 'user-agent': userAgent, ...request.headers },
      body: (request.data ?? null) as Readable | Buffer | null,
    };
    this.#bulk.dispatch(sent, handler);
  }

  async close(): Promise<void> {
    for (const { httpAgent, httpsAgent } of [this.#kept, this.#fresh]) {
      httpAgent.destroy();
      httpsAgent.destroy();
    }
    await this.#bulk.destroy();
  }
}

/** No more than `maxJsonBytes` in memory, whatever the length that was announced. */
async function bounded(body: Readable, announced: string | undefined): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = Number(announced ?? 0);
  if (bytes <= maxJsonBytes) {
    bytes = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxJsonBytes) break;
      parts.push(part);
    }
  }
  if (bytes <= maxJsonBytes) return Buffer.concat(parts);
  body.destroy();
  const error = new Error(`${bytes} bytes or more, at most ${maxJsonBytes} are read`);
  throw Object.assign(error, { code: answerTooLarge });
}
