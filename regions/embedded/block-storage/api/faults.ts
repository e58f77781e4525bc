import type { Call } from '../../http/call.ts';
import type { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';

const names: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** A refusal in Cinder's form; 401 is the token filter's, before Cinder. */
export function faultReply(refusal: Refusal, call: Call): Reply {
  const { status, message, headers } = refusal;
  if (status === 401)
    return jsonReply(
      401,
      {
        error: {
          code: 401,
          title: 'Unauthorized',
          message: 'The request you have made requires authentication.',
        },
      },
      { 'www-authenticate': `Keystone uri="${call.origin}/identity"` },
    );
  const retry = headers['retry-after'];
  // Only a full quota has a time to retry; a body that is too large is refused before Cinder.
  if (status === 413 && retry === undefined)
    return htmlPage(413, 'Request Entity Too Large', 'Request is too large.');
  const fault = { code: status, message, ...(retry === undefined ? {} : { retryAfter: retry }) };
  return jsonReply(status, { [names[status] ?? 'computeFault']: fault }, headers);
}

/** A path that leads nowhere. */
export function notFoundPage(): Reply {
  return htmlPage(404, 'Not Found', 'The resource could not be found.');
}

function htmlPage(status: number, title: string, text: string): Reply {
  const heading = `${status} ${title}`;
  const body = `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${text}<br /><br />\n\n\n\n </body>\n</html>`;
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body };
}
