import type { Readable } from 'node:stream';

export interface ServiceRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE' | 'COPY';
  /** Below the service's endpoint, begins with `/`, already percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** True: `path` begins at the root of the endpoint's host instead (Swift's `/info`). */
  readonly isAtRoot?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is being done and to what, for the error's text. */
  readonly operation: string;
  readonly subject?: string;
  /** The statuses that are a success; any other throws a RequestError. */
  readonly ok: readonly number[];
  /**
   * True when sending it twice is harmless: then a transient failure (no answer, 429, 500, 502, 503,
   * 504) is retried with backoff and jitter, Retry-After honoured. Defaults to true for GET, HEAD, PUT and DELETE.
   * 401 is answered once with a new token in any case, 429 and 503 with Retry-After always retried.
   */
  readonly repeatable?: boolean;
  /** For the whole call with its retries; the client's default (60 s) unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface JsonRequest extends ServiceRequest {
  readonly json?: unknown;
}

export interface JsonResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; null when the answer had no body. The caller checks its shape. */
  readonly body: unknown;
}

export interface WholeRequest extends ServiceRequest {
  readonly body?: Buffer | string;
  readonly contentLength?: number;
  /** No more of an answer is held. */
  readonly mostBytes: number;
  /** Nothing large goes either way: the answer must be whole within `timeoutMs`, whatever moves. */
  readonly isShort?: boolean;
}

export interface WholeResponse {
  readonly status: number;
  /** Lower-case names; values hold the wire's bytes as latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False: there was more than `mostBytes`; `body` is the beginning, and the rest was not read. */
  readonly isWhole: boolean;
}

export interface BulkRequest extends ServiceRequest {
  readonly body?: Readable | Buffer | string;
  readonly contentLength?: number;
}

export interface BulkResponse {
  readonly status: number;
  /** Lower-case names; values hold the wire's bytes as latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/**
 * One service of one region with one project's token: finds the endpoint in the catalogue, sets the
 * token and renews it, keeps at most N calls under way, retries, keeps deadlines.
 */
export interface ServiceClient {
  readonly region: string;
  readonly service: string;
  readonly projectId: string;
  /**
   * The endpoint from the catalogue, no trailing slash, in one form whatever the catalogue says:
   * object-store ends in the account, block-storage in `/v3/<project>`, image has no version (paths
   * begin with `/v2/`).
   */
  endpoint(signal?: AbortSignal): Promise<string>;
  /** JSON in and out (axios). */
  json(request: JsonRequest): Promise<JsonResponse>;
  /**
   * Bodies in memory (undici, without a stream: a third of the cost for what is small). The deadline is as
   * that of `bulk` unless `isShort`. An answer that breaks off in its middle is a transient error at once.
   */
  whole(request: WholeRequest): Promise<WholeResponse>;
  /**
   * Bodies as streams (undici), constant memory. A stream body is sent once: on failure a transient
   * RequestError. The deadline is one of no progress (`timeoutMs` without a byte moved, or with fewer
   * than the region's least rate would move).
   */
  bulk(request: BulkRequest): Promise<BulkResponse>;
}
