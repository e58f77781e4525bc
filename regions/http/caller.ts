import { Readable } from 'node:stream';
import type { Ambient } from '../../kernel/ambient.ts';
import { type Attempt, Exchange, type ExchangeParts, type Outcome } from './exchange.ts';
import type { Lane, Limits } from './limits.ts';
import { asTransient, type Call } from './failure.ts';
import { decideRetry } from './retry.ts';
import type {
  BulkRequest,
  BulkResponse,
  JsonRequest,
  JsonResponse,
  ServiceRequest,
  WholeRequest,
  WholeResponse,
} from './service-client.ts';

/** Where a request goes. */
export interface Target {
  /** As errors and metrics name it. */
  readonly service: string;
  /** The service's endpoint, no trailing slash. */
  endpoint(signal?: AbortSignal): Promise<string>;
  /** Absent for requests that carry no token: those that ask for one. */
  readonly tokens?: Tokens;
}

export interface Tokens {
  token(signal?: AbortSignal): Promise<string>;
  /** A service answered 401 to this token: `token` gives another one from now on. */
  refuse(token: string): void;
}

const defaultTimeoutMs = 60_000;
const readingMethods = new Set(['GET', 'HEAD']);
const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/**
 * Calls to the services of one region: places in line, tokens, deadlines, retries. The deadline
 * begins when the call gets its place, so that a long line is not mistaken for a dead service.
 * When the answer to a call is lost, a repeatable call is sent again; for any other the caller gets
 * a transient error and must find out for itself whether it was carried out.
 */
export class Caller {
  readonly #exchange: Exchange;
  readonly #region: string;
  readonly #limits: Limits;
  readonly #ambient: Ambient;
  readonly #permit: () => void;

  /** `permit` is asked before every request that may change something, each time it is sent; it throws to forbid it. */
  constructor(
    parts: ExchangeParts & { readonly limits: Limits; readonly permit?: (() => void) | undefined },
  ) {
    this.#exchange = new Exchange(parts);
    this.#region = parts.region;
    this.#limits = parts.limits;
    this.#ambient = parts.ambient;
    this.#permit = parts.permit ?? (() => undefined);
  }

  async json(target: Target, request: JsonRequest): Promise<JsonResponse> {
    const lane = target.tokens === undefined ? 'tokens' : 'calls';
    return await this.#inLine(target, lane, request, (attempt) => this.#exchange.json(attempt));
  }

  async whole(target: Target, request: WholeRequest): Promise<WholeResponse> {
    const lane = laneOf(request);
    return await this.#inLine(target, lane, request, (attempt) => this.#exchange.whole(attempt));
  }

  /** The place in line is kept until the answer's body was read or destroyed. */
  async bulk(target: Target, request: BulkRequest): Promise<BulkResponse> {
    let release: () => void = () => undefined;
    try {
      release = await this.#limits.acquire(target.service, laneOf(request), request.signal);
      return await this.#repeat(target, request, (attempt) =>
        this.#exchange.bulk(attempt, release),
      );
    } catch (error) {
      release();
      // It may not have been touched: then nobody else would close what it reads from.
      if (request.body instanceof Readable) request.body.destroy();
      throw error;
    }
  }

  async #inLine<Request extends ServiceRequest, Response>(
    target: Target,
    lane: Lane,
    request: Request,
    once: (attempt: Attempt<Request>) => Promise<Outcome<Response>>,
  ): Promise<Response> {
    const release = await this.#limits.acquire(target.service, lane, request.signal);
    try {
      return await this.#repeat(target, request, once);
    } finally {
      release();
    }
  }

  async #repeat<Request extends ServiceRequest, Response>(
    target: Target,
    request: Request,
    once: (attempt: Attempt<Request>) => Promise<Outcome<Response>>,
  ): Promise<Response> {
    const { clock } = this.#ambient;
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const endMs = clock.monotonicMs() + timeoutMs;
    const base = await target.endpoint(request.signal);
    const fixed = { call: this.#describe(target.service, base, request), request, base };
    const isRepeatable = request.repeatable ?? repeatableMethods.has(request.method);
    let mayRenew = true;
    for (let number = 1; ; number += 1) {
      const token = await target.tokens?.token(request.signal);
      const leftMs = Math.max(1, endMs - clock.monotonicMs());
      // What asks for a token changes nothing.
      if (target.tokens !== undefined && !readingMethods.has(request.method)) this.#permit();
      const outcome = await once({ ...fixed, token, timeoutMs, leftMs, isRepeatable });
      if ('done' in outcome) return outcome.done;
      request.signal?.throwIfAborted();
      const { failed, isSpent } = outcome;
      if (failed.status === 401 && token !== undefined) {
        target.tokens?.refuse(token);
        // With its source opened again the caller gets through.
        if (isSpent === true) throw asTransient(failed);
        if (mayRenew) {
          mayRenew = false;
          continue;
        }
      }
      if (isSpent === true) throw failed;
      const waitMs = this.#waitBefore(number, outcome, isRepeatable, endMs);
      if (waitMs === undefined) throw failed;
      await clock.sleep(waitMs, request.signal);
    }
  }

  #waitBefore(
    attempt: number,
    failure: Exclude<Outcome<never>, { done: never }>,
    repeatable: boolean,
    endMs: number,
  ): number | undefined {
    const { failed, unsent, retryAfterMs } = failure;
    const { clock, random } = this.#ambient;
    const decision = decideRetry({
      attempt,
      status: failed.status,
      transient: failed.kind === 'transient',
      unsent,
      retryAfterMs,
      repeatable,
      leftMs: endMs - clock.monotonicMs(),
      chance: random.next(),
    });
    return decision.kind === 'wait' ? decision.waitMs : undefined;
  }

  #describe(service: string, base: string, request: ServiceRequest): Call {
    return {
      region: this.#region,
      service,
      method: request.method,
      url: (request.isAtRoot === true ? new URL(base).origin : base) + request.path,
      operation: request.operation,
      subject: request.subject,
    };
  }
}

/** Downloads are what GET streams, uploads what PUT writes or copies; the rest is short. */
function laneOf(request: ServiceRequest): Lane {
  if (request.method === 'GET') return 'downloads';
  return request.method === 'PUT' ? 'uploads' : 'calls';
}
