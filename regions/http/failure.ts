import type { ErrorKind } from '../../kernel/errors.ts';
import { RequestError } from './request-error.ts';
import { serviceMessage } from './service-message.ts';

/** What was asked, for the text of an error. */
export interface Call {
  readonly region: string;
  readonly service: string;
  readonly method: string;
  /** Without the query, which can hold secrets. */
  readonly url: string;
  readonly operation: string;
  readonly subject?: string | undefined;
}

interface Meaning {
  /** `…` stands for the service: `….not-found` becomes `image.not-found`. */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string;
}

const invalid: Meaning = {
  code: '….invalid-request',
  kind: 'permanent',
  hint: 'the service refused the request as it is: correct what its message names',
};
const failed: Meaning = {
  code: 'region.service-failed',
  kind: 'transient',
  hint: "look up the request id in the service's log; it is tried again later",
};
const rateLimited: Meaning = {
  code: 'region.rate-limited',
  kind: 'transient',
  hint: 'lower max_calls of this region, or raise the rate limit of the service',
};
const timedOut: Meaning = {
  code: 'region.timeout',
  kind: 'transient',
  hint: 'check the load of the service and the link to the region',
};
const tooLarge: Meaning = {
  code: '….quota-exceeded',
  kind: 'permanent',
  hint: "raise the project's quota in this region, or free space in it",
};

const byStatus: Readonly<Record<number, Meaning>> = {
  401: {
    code: 'region.unauthorized',
    kind: 'permanent',
    hint: 'a token made just now was refused: check that the service and the cloud entry use the same Keystone',
  },
  403: {
    code: 'region.right-missing',
    kind: 'permanent',
    hint: 'give the configured user a role on the project that allows this call',
  },
  404: {
    code: '….not-found',
    kind: 'permanent',
    hint: 'check the name or id, and that it is in this region and project',
  },
  408: timedOut,
  409: {
    code: '….conflict',
    kind: 'permanent',
    hint: 'it exists already, or is in a state that forbids this: see the message of the service',
  },
  412: {
    code: '….precondition-failed',
    kind: 'permanent',
    hint: 'it changed since it was read: read it again',
  },
  413: tooLarge,
  422: invalid,
  429: rateLimited,
  // Swift's ratelimit middleware, when a client would have to sleep too long.
  498: rateLimited,
  501: invalid,
};

/** An answer whose status is none of those the caller expected. */
export function failureOfStatus(
  call: Call,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  },
): RequestError {
  const meaning = meaningOf(call.service, answer.status);
  const own = serviceMessage(answer.text);
  const said = own === '' ? '' : `: ${own}`;
  return failure(call, meaning, `${call.service} answered ${answer.status}${said}`, {
    status: answer.status,
    requestId: answer.headers['x-openstack-request-id'] ?? answer.headers['x-trans-id'],
  });
}

function meaningOf(service: string, status: number): Meaning {
  // An ETag sent with a PUT that is not the MD5 of what arrived.
  if (service === 'object-store' && status === 422)
    return {
      code: 'object-store.checksum-mismatch',
      kind: 'transient',
      hint: 'the data changed on its way or while it was read: it is sent again from the source',
    };
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 500) return failed;
  if (status >= 400) return invalid;
  return {
    code: 'region.unexpected-answer',
    kind: 'permanent',
    hint: 'check that the endpoint in the catalogue leads to this service and not to a proxy or login page',
  };
}

/** An answer of the right status whose content is not what the service's API promises. */
export function failureOfContent(call: Call, status: number, what: string): RequestError {
  const meaning = { ...meaningOf(call.service, 200), code: 'region.answer-malformed' };
  return failure(call, meaning, `${call.service} ${what}`, { status });
}

export function failureOfDeadline(call: Call, limitMs: number): RequestError {
  const text = `no answer from ${call.service} in region ${call.region} within ${limitMs / 1_000} s`;
  return failure(call, timedOut, text, {});
}

/** Something moved all the time, but so little that it would take for ever. */
export function failureOfPace(call: Call, limitMs: number, bytesPerSecond: number): RequestError {
  const text = `${call.service} in region ${call.region} moved fewer than ${bytesPerSecond} bytes a second for ${limitMs / 1_000} s`;
  return failure(call, { ...timedOut, code: 'region.too-slow' }, text, {});
}

/** The connection ended, or the body did, before all of it had come. */
export function failureOfConnection(call: Call, what: string, cause?: unknown): RequestError {
  const meaning: Meaning = {
    code: 'region.connection-lost',
    kind: 'transient',
    hint: 'check the service and the link to the region; what is left is transferred again',
  };
  return failure(call, meaning, what, { cause });
}

const unsentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const timeoutCodes = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);
/** Refused by our own HTTP library: a character that no header may hold. */
const invalidCodes = new Set(['UND_ERR_INVALID_ARG', 'ERR_INVALID_CHAR', 'ERR_INVALID_URL']);
/** The library's own name of an answer that it stopped reading. */
export const answerTooLarge = 'ANSWER_TOO_LARGE';
/** Swift takes names of metadata that no parser of Node's reads. */
const headerCodes = new Set([
  'HPE_HEADER_OVERFLOW',
  'HPE_INVALID_HEADER_TOKEN',
  // undici's, which does not say what it stumbled over.
  'HPE_PARSER',
  'UND_ERR_HEADERS_OVERFLOW',
]);
const tlsCodes =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_)/;

export interface NetworkFailure {
  readonly error: RequestError;
  /** No connection was made, so nothing of the request arrived. */
  readonly unsent: boolean;
}

/** An attempt that got no answer. `raw` is what axios, undici or a socket threw. */
export function failureOfNetwork(call: Call, raw: unknown): NetworkFailure {
  const cause = innermost(raw);
  const code = codeOf(cause);
  const at = `region ${call.region} at ${originOf(call.url)}`;
  if (tlsCodes.test(code)) {
    const meaning: Meaning = {
      code: 'region.tls-failed',
      kind: 'permanent',
      hint: 'set cacert of the cloud entry to the authority that signed the certificate, or correct the host name',
    };
    const text = `TLS with ${call.service} of ${at} failed: ${code}`;
    return { error: failure(call, meaning, text, { cause }), unsent: true };
  }
  if (invalidCodes.has(code)) {
    const text = `the request cannot be sent: ${cause?.message ?? code}`;
    return { error: failure(call, invalid, text, { cause }), unsent: true };
  }
  const unsent = unsentCodes.has(code);
  if (unsent || timeoutCodes.has(code)) {
    const meaning: Meaning = {
      code: 'region.unreachable',
      kind: 'transient',
      hint: 'check that the host is up, and the address in the catalogue or auth_url',
    };
    const text = `${call.service} of ${at} cannot be reached: ${code}`;
    return { error: failure(call, meaning, text, { cause }), unsent };
  }
  if (code === answerTooLarge) {
    const text = `${call.service} answered with more than is read: ${cause?.message ?? code}`;
    const meaning: Meaning = {
      code: 'region.answer-too-large',
      kind: 'permanent',
      hint: 'no answer of this service is so large: check that the endpoint in the catalogue leads to it',
    };
    return { error: failure(call, meaning, text, { cause }), unsent: false };
  }
  if (call.service === 'object-store' && headerCodes.has(code)) {
    const text = `its headers cannot be read: ${cause?.message ?? code}`;
    const meaning: Meaning = {
      code: 'object-store.unreadable-headers',
      kind: 'permanent',
      hint: 'a name of its metadata outside ASCII, or more metadata than Node reads: rename or remove it (swift post -m), or leave it out; else check what answers at this address',
    };
    return { error: failure(call, meaning, text, { cause }), unsent: false };
  }
  if (code.startsWith('HPE_') || headerCodes.has(code)) {
    const text = `${call.service} answered with what is not valid HTTP: ${cause?.message ?? code}`;
    const meaning: Meaning = {
      code: 'region.unexpected-answer',
      kind: 'permanent',
      hint: 'check what answers at this address',
    };
    return { error: failure(call, meaning, text, { cause }), unsent: false };
  }
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    const text = 'the data to send was not as long as announced';
    return { error: failure(call, invalid, text, { cause }), unsent: false };
  }
  const what = `connection to ${call.service} of ${at} was lost${code === '' ? '' : `: ${code}`}`;
  return { error: failureOfConnection(call, what, cause), unsent: false };
}

/**
 * The socket's error, its message and code and nothing else: those of the HTTP libraries carry the
 * request with its token and password, or the answer with the new token.
 */
function innermost(raw: unknown): Error | undefined {
  let error = raw;
  while (error instanceof Error) {
    if (error instanceof AggregateError && error.errors.length > 0) error = error.errors[0];
    else if (error.cause instanceof Error) error = error.cause;
    else return Object.assign(new Error(error.message), { code: codeOf(error) });
  }
  return undefined;
}

/** What an answer is to a parser that cannot go on. */
export function isParsers(raw: unknown): boolean {
  return raw instanceof Error && codeOf(raw).startsWith('HPE_');
}

function codeOf(error: Error | undefined): string {
  // undici's parser leaves its code out.
  if (error?.name === 'HTTPParserError') return 'HPE_PARSER';
  return error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

function failure(
  call: Call,
  meaning: Meaning,
  message: string,
  more: { readonly status?: number; readonly requestId?: string | undefined; cause?: unknown },
): RequestError {
  return new RequestError(message, {
    ...call,
    ...more,
    code: meaning.code.replace('…', call.service),
    kind: meaning.kind,
    hint: meaning.hint,
  });
}

/** The same refusal, but one that a caller who opens its source again can get past. */
export function asTransient(error: RequestError): RequestError {
  const { code, operation, subject, hint, cause, region, service, method, url } = error;
  const { status, requestId } = error;
  const same = { code, operation, subject, hint, cause, region, service, method, url };
  return new RequestError(error.message, { ...same, status, requestId, kind: 'transient' });
}
