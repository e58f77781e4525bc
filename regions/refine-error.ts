import { RequestError } from './http/request-error.ts';

/**
 * The same refusal under a code of its own, for a caller that knows what its call means: status,
 * request id and subject stay, the original is the cause.
 */
export function refineError(
  error: RequestError,
  change: { readonly code: string; readonly message?: string; readonly hint?: string },
): RequestError {
  return new RequestError(change.message ?? error.message, {
    code: change.code,
    kind: 'permanent',
    operation: error.operation,
    subject: error.subject,
    hint: change.hint ?? error.hint,
    cause: error,
    region: error.region,
    service: error.service,
    method: error.method,
    url: error.url,
    status: error.status,
    requestId: error.requestId,
  });
}
