import { Readable } from 'node:stream';
import type { Call } from './call.ts';

/** A request from one service of the region to another: no socket, no faults of the link. */
export interface InnerRequest {
  readonly method: string;
  /** Below the service's mount, percent-encoded, its query included. */
  readonly path: string;
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Buffer | string;
}

const origin = 'http://127.0.0.1';

export function innerCall(request: InnerRequest, signal: AbortSignal): Call {
  const { pathname, searchParams } = new URL(origin + request.path);
  const { body = '' } = request;
  const length =
    body instanceof Readable ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return {
    method: request.method,
    path: pathname,
    query: searchParams,
    headers: { ...length, ...request.headers, 'x-auth-token': request.token },
    body: body instanceof Readable ? body : Readable.from([Buffer.from(body)]),
    origin,
    signal,
  };
}
