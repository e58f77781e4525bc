import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { RequestError } from '../../regions/http/request-error.ts';
import type {
  BulkRequest,
  JsonRequest,
  ServiceClient,
  ServiceRequest,
  WholeRequest,
} from '../../regions/http/service-client.ts';

/** One expected call and its answer, written as the service writes it. */
export interface Exchange {
  /** `GET /volumes/detail?limit=500` */
  readonly call: string;
  /** What the request's JSON must equal, when given. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body?: unknown;
  readonly answerHeaders?: Readonly<Record<string, string>>;
}

/**
 * A service that knows its conversation beforehand: any other call, another order, or a call that is
 * not made fails the test. Bodies are literal API JSON.
 */
export class ScriptedService implements ServiceClient {
  readonly region = 'east';
  readonly service: string;
  readonly projectId = 'p1';
  /** Bodies of the uploads, in order. */
  readonly uploads: Buffer[] = [];
  readonly #script: Exchange[];

  constructor(service: string, script: readonly Exchange[]) {
    this.service = service;
    this.#script = [...script];
  }

  endpoint(): Promise<string> {
    return Promise.resolve('http://east.example/v3/p1');
  }

  json(request: JsonRequest): ReturnType<ServiceClient['json']> {
    const exchange = this.#next(request);
    if ('json' in exchange)
      expect(JSON.parse(JSON.stringify(request.json)), exchange.call).to.deep.equal(exchange.json);
    if (!request.ok.includes(exchange.status)) return Promise.reject(refusal(request, exchange));
    return Promise.resolve({ status: exchange.status, headers: {}, body: exchange.body ?? null });
  }

  whole(request: WholeRequest): ReturnType<ServiceClient['whole']> {
    const { status, body } = this.#next(request);
    if (!request.ok.includes(status)) return Promise.reject(refusal(request, { call: '', status }));
    const bytes = Buffer.from(typeof body === 'string' ? body : '');
    return Promise.resolve({ status, headers: {}, body: bytes, isWhole: true });
  }

  async bulk(request: BulkRequest): ReturnType<ServiceClient['bulk']> {
    const exchange = this.#next(request);
    if (request.body instanceof Readable) this.uploads.push(await buffer(request.body));
    if (!request.ok.includes(exchange.status)) throw refusal(request, exchange);
    const body = Readable.from(typeof exchange.body === 'string' ? [exchange.body] : []);
    return { status: exchange.status, headers: exchange.answerHeaders ?? {}, body };
  }

  /** Every expected call was made. */
  done(): void {
    expect(this.#script.map((exchange) => exchange.call)).to.deep.equal([]);
  }

  #next(request: ServiceRequest): Exchange {
    const query = new URLSearchParams(
      Object.entries(request.query ?? {}).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
    ).toString();
    const call = `${request.method} ${request.path}${query === '' ? '' : `?${query}`}`;
    const exchange = this.#script.shift();
    expect(call).to.equal(exchange?.call);
    if (exchange?.headers !== undefined) expect(request.headers).to.include(exchange.headers);
    return exchange!;
  }
}

function refusal(request: ServiceRequest, exchange: Exchange): RequestError {
  return new RequestError(`refused with ${exchange.status}`, {
    code: 'region.refused',
    kind: 'permanent',
    operation: request.operation,
    subject: request.subject,
    region: 'east',
    service: 'test',
    method: request.method,
    url: request.path,
    status: exchange.status,
    requestId: 'req-1',
  });
}
