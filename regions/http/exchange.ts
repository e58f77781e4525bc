import { Readable } from 'node:stream';
import type { Ambient } from '../../kernel/ambient.ts';
import {
  type Call,
  failureOfConnection,
  failureOfContent,
  failureOfDeadline,
  failureOfNetwork,
  failureOfPace,
  failureOfStatus,
  isParsers,
} from './failure.ts';
import { announcedBytes } from './headers.ts';
import type { RegionClock } from './region-clock.ts';
import type { RequestError } from './request-error.ts';
import type { OnRequest } from './request-event.ts';
import { parseRetryAfter } from './retry.ts';
import type {
  BulkRequest,
  BulkResponse,
  JsonRequest,
  JsonResponse,
  ServiceRequest,
  WholeRequest,
  WholeResponse,
} from './service-client.ts';
import type { Answer, Outgoing, Transport } from './transport.ts';
import { Upload } from './upload.ts';
import { Watchdog } from './watchdog.ts';

export interface ExchangeParts {
  readonly region: string;
  readonly transport: Transport;
  readonly ambient: Ambient;
  readonly onRequest: OnRequest;
  readonly regionClock: RegionClock;
  /** A bulk transfer that moves less is ended: a region that trickles would hold its place for ever. */
  readonly leastBytesPerSecond: number;
}

/** One attempt of one call. */
export interface Attempt<Request> {
  readonly call: Call;
  readonly request: Request;
  /** The service's endpoint, no trailing slash. */
  readonly base: string;
  readonly token: string | undefined;
  /** What the whole call was given. Bulk: how long no byte may move. */
  readonly timeoutMs: number;
  /** What earlier attempts left of that: until the answer of a JSON call must be whole. */
  readonly leftMs: number;
  readonly isRepeatable: boolean;
}

export interface Failure {
  readonly failed: RequestError;
  /** It is certain that the service saw nothing of the request. */
  readonly unsent: boolean;
  readonly retryAfterMs?: number | undefined;
  /** A stream was partly read, or an answer broke off in its middle: whoever asked has to begin anew. */
  readonly isSpent?: boolean;
}

export type Outcome<T> = { readonly done: T } | Failure;

type Report = (status: number | undefined, bytesIn: number, bytesOut: number) => void;

/** How much of an error's body is read for its message. */
const errorTextBytes = 16_384;

/** Sends requests once each and turns every way to end into an Outcome; reports each to `onRequest`. */
export class Exchange {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  async json(attempt: Attempt<JsonRequest>): Promise<Outcome<JsonResponse>> {
    const { request, leftMs, isRepeatable } = attempt;
    const data = request.json === undefined ? undefined : Buffer.from(JSON.stringify(request.json));
    const ownHeaders: Record<string, string> =
      data === undefined ? {} : { 'content-type': 'application/json' };
    const result = await this.#send(
      attempt,
      leftMs,
      ownHeaders,
      async (outgoing, report, watchdog) => {
        const rest = { data, isRepeatable, timeoutMs: leftMs, signal: watchdog.signal() };
        const answer = await this.#parts.transport.json({ ...outgoing, ...rest });
        report(answer.status, answer.body.length, data?.length ?? 0);
        const text = () => answer.body.toString('utf8', 0, errorTextBytes);
        return { ...answer, text: () => Promise.resolve(text()) };
      },
    );
    if ('failed' in result) return result;
    result.watchdog.stop();
    const { status, headers, body } = result.answer;
    if (body.length === 0) return { done: { status, headers, body: null } };
    try {
      return { done: { status, headers, body: JSON.parse(body.toString('utf8')) as unknown } };
    } catch {
      const what = `answered ${status} with what is not JSON`;
      return { failed: failureOfContent(attempt.call, status, what), unsent: false };
    }
  }

  async whole(attempt: Attempt<WholeRequest>): Promise<Outcome<WholeResponse>> {
    const { request, timeoutMs } = attempt;
    const { mostBytes, contentLength, isShort = false } = request;
    const data = toBuffer(request.body);
    let bytesIn = 0;
    const send = async (outgoing: Outgoing, report: Report, watchdog: Watchdog) => {
      const moved = (bytes: number): void => {
        bytesIn += bytes;
        watchdog.moved(bytes);
      };
      const sent = { ...outgoing, data, mostBytes, moved, watchdog };
      const answer = await this.#parts.transport.whole(sent);
      report(answer.status, bytesIn, data?.length ?? 0);
      return {
        ...answer,
        text: () => Promise.resolve(answer.body.toString('utf8', 0, errorTextBytes)),
      };
    };
    const result = await this.#send(attempt, timeoutMs, lengthHeader(contentLength), send, isShort);
    if ('failed' in result)
      return { ...result, isSpent: bytesIn > 0 && result.failed.status === undefined };
    result.watchdog.stop();
    const { status, headers, body, isWhole } = result.answer;
    return { done: { status, headers, body, isWhole } };
  }

  /** `closed` is called once the answer's body is done with; not when the outcome is a failure. */
  async bulk(attempt: Attempt<BulkRequest>, closed: () => void): Promise<Outcome<BulkResponse>> {
    const { request, timeoutMs } = attempt;
    const { body: given, contentLength } = request;
    let bytesOut = 0;
    let upload: Upload | undefined;
    const send = async (outgoing: Outgoing, report: Report, watchdog: Watchdog) => {
      upload = given instanceof Readable ? new Upload(given, watchdog) : undefined;
      const answer = await this.#parts.transport.bulk({
        ...outgoing,
        data: given instanceof Readable ? upload : toBuffer(given),
        watchdog,
        sent: (bytes) => {
          bytesOut += bytes;
          watchdog.moved(bytes);
        },
        guard: ({ status, headers }) => ({
          watchdog,
          expectedBytes: announcedBytes(request.method, status, headers),
          explain: (raw) => this.#explainCut(attempt, watchdog, raw),
          closed: (bytesIn) => {
            report(status, bytesIn, bytesOut);
            if (request.ok.includes(status)) closed();
          },
        }),
      });
      return { ...answer, text: () => readText(answer.body) };
    };
    const result = await this.#send(attempt, timeoutMs, lengthHeader(contentLength), send);
    if ('failed' in result) {
      // The other side's fault: this service is not to be blamed for it.
      if (upload?.sourceError !== undefined) throw upload.sourceError;
      return { ...result, isSpent: upload?.isBegun ?? false };
    }
    const { status, headers, body } = result.answer;
    if (upload !== undefined && bytesOut < (contentLength ?? 0)) {
      body.destroy();
      const what = `${attempt.call.service} answered ${status} when it had ${bytesOut} of ${contentLength} bytes`;
      return { failed: failureOfConnection(attempt.call, what), unsent: false, isSpent: true };
    }
    return { done: { status, headers, body } };
  }

  /** Gives the answer with its watchdog still on guard, or why there is none. */
  async #send<A extends Answer<unknown> & { readonly text: () => Promise<string> }>(
    attempt: Attempt<ServiceRequest>,
    limitMs: number,
    ownHeaders: Readonly<Record<string, string>>,
    send: (outgoing: Outgoing, report: Report, watchdog: Watchdog) => Promise<A>,
    isShort = false,
  ): Promise<Failure | { readonly answer: A; readonly watchdog: Watchdog }> {
    const { clock } = this.#parts.ambient;
    const { call, request, timeoutMs } = attempt;
    const report = this.#reporter(attempt);
    const watchdog = new Watchdog(clock, limitMs, request.signal, {
      leastBytes: (this.#parts.leastBytesPerSecond * limitMs) / 1_000,
      wholeMs: isShort ? limitMs : undefined,
    });
    try {
      const answer = await send(outgoingOf(attempt, ownHeaders), report, watchdog);
      this.#parts.regionClock.saw(answer.headers['date']);
      if (request.ok.includes(answer.status)) return { answer, watchdog };
      const failed = failureOfStatus(call, { ...answer, text: await answer.text() });
      const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], clock.now());
      watchdog.stop();
      return { failed, unsent: false, retryAfterMs };
    } catch (raw) {
      watchdog.stop();
      report(undefined, 0, 0);
      if (watchdog.hasExpired)
        return { failed: this.#deadline(call, watchdog, timeoutMs), unsent: false };
      const { error, unsent } = failureOfNetwork(call, raw);
      return { failed: error, unsent };
    }
  }

  #deadline(call: Call, { isTooSlow }: Watchdog, timeoutMs: number): RequestError {
    return isTooSlow
      ? failureOfPace(call, timeoutMs, this.#parts.leastBytesPerSecond)
      : failureOfDeadline(call, timeoutMs);
  }

  /** Why a body ended early: an order of the caller, silence, or a lost connection. */
  #explainCut(attempt: Attempt<BulkRequest>, watchdog: Watchdog, raw: unknown): Error {
    const { call, request } = attempt;
    if (watchdog.hasExpired) return this.#deadline(call, watchdog, attempt.timeoutMs);
    if (request.signal?.aborted === true)
      return request.signal.reason instanceof Error
        ? request.signal.reason
        : new DOMException('The operation was aborted', 'AbortError');
    if (raw === undefined)
      return failureOfConnection(call, `the answer of ${call.service} ended before its length`);
    // After its headers were understood: the connection broke off where the parser did not expect it.
    if (isParsers(raw))
      return failureOfConnection(call, `the answer of ${call.service} broke off, or is not HTTP`);
    return failureOfNetwork(call, raw).error;
  }

  #reporter(attempt: Attempt<ServiceRequest>): Report {
    const { ambient, region, onRequest } = this.#parts;
    const { call, request } = attempt;
    const startMs = ambient.clock.monotonicMs();
    let isReported = false;
    return (status, bytesIn, bytesOut) => {
      if (isReported) return;
      isReported = true;
      onRequest({
        region,
        service: call.service,
        method: request.method,
        path: request.path,
        ...(status === undefined ? {} : { status }),
        bytesIn,
        bytesOut,
        durationMs: ambient.clock.monotonicMs() - startMs,
      });
    };
  }
}

function outgoingOf(
  attempt: Attempt<ServiceRequest>,
  ownHeaders: Readonly<Record<string, string>>,
): Outgoing {
  const { request, token } = attempt;
  const { origin, prefix } = baseOf(attempt.base);
  const given = Object.entries(request.headers ?? {});
  return {
    method: request.method,
    origin,
    // Not through URL: it would resolve an object's name like `a/../b`.
    target: (request.isAtRoot === true ? '' : prefix) + request.path + queryText(request.query),
    headers: {
      ...ownHeaders,
      ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
      ...(token === undefined ? {} : { 'x-auth-token': token }),
    },
  };
}

interface Base {
  readonly origin: string;
  readonly prefix: string;
}

/** Taken apart once each: there are as many as services of projects. */
const bases = new Map<string, Base>();

function baseOf(endpoint: string): Base {
  let base = bases.get(endpoint);
  if (base === undefined) {
    const { origin, pathname } = new URL(endpoint);
    base = { origin, prefix: pathname.replace(/\/$/, '') };
    bases.set(endpoint, base);
  }
  return base;
}

function queryText(query: JsonRequest['query']): string {
  const pairs = Object.entries(query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function lengthHeader(bytes: number | undefined): Record<string, string> {
  return bytes === undefined ? {} : { 'content-length': String(bytes) };
}

function toBuffer(body: Buffer | string | undefined): Buffer | undefined {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Of one that breaks off, what came: the status says more than that. */
async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= errorTextBytes) body.destroy();
  });
  if (!body.closed) await new Promise((resolve) => body.once('close', resolve));
  return Buffer.concat(chunks).toString('utf8');
}
