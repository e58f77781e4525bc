import { RequestError } from '../../../regions/http/request-error.ts';

const transient = [429, 499, 500, 502, 503, 504];

/** What a region client throws for this answer; no status means that none came. */
export function refusal(
  status: number | undefined,
  method: string,
  subject: string,
  code?: string,
  cause?: unknown,
): RequestError {
  const isPassing =
    status === undefined || transient.includes(status) || code === 'object-store.checksum-mismatch';
  return new RequestError(status === undefined ? 'no answer' : `answered ${status}`, {
    code: code ?? (status === 404 ? 'object-store.not-found' : 'region.refused'),
    kind: isPassing ? 'transient' : 'permanent',
    operation: method,
    subject,
    region: 'memory',
    service: 'object-store',
    method,
    url: `/v1/AUTH_memory/${subject}`,
    status,
    cause,
  });
}
