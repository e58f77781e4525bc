import { FarshoreError, type ErrorDetail } from '../../kernel/errors.ts';

export interface RequestErrorDetail extends ErrorDetail {
  readonly region: string;
  readonly service: string;
  readonly method: string;
  /** Without query secrets. */
  readonly url: string;
  /** Absent when no answer came. */
  readonly status?: number | undefined;
  /** The service's `X-OpenStack-Request-Id` or `X-Trans-Id`: what the operator greps for. */
  readonly requestId?: string | undefined;
}

/** A call to a service that was refused, or got no answer (`region.unreachable`, `region.timeout`). */
export class RequestError extends FarshoreError {
  readonly region: string;
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, detail: RequestErrorDetail) {
    super(message, detail);
    this.region = detail.region;
    this.service = detail.service;
    this.method = detail.method;
    this.url = detail.url;
    this.status = detail.status;
    this.requestId = detail.requestId;
  }
}

export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return (
    error instanceof RequestError && error.status !== undefined && statuses.includes(error.status)
  );
}
