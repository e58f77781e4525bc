import { isIP } from 'node:net';

import type { Request, RequestHandler } from 'express';

import { FarshoreError } from '../../kernel/errors.ts';

/**
 * Keeps out what a web page in a browser on this host can send: by a name of its own that it had resolved
 * to this host (DNS rebinding), which shows in `Host`; and across sites, which browsers tell in `Origin`
 * and `Sec-Fetch-Site`. Other clients send neither of those two. An address is no name that could be
 * resolved otherwise: a tunnel may lead here from any.
 */
export const refuseForeign: RequestHandler = (request, _response, next) => {
  const { host = '', origin, 'sec-fetch-site': site = 'none' } = request.headers;
  const name = /^(\[.*\]|[^:]*)(:\d+)?$/.exec(host)?.[1] ?? '';
  if (name.toLowerCase() !== 'localhost' && isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0)
    throw refused(
      request,
      'misdirected',
      `Host is ${JSON.stringify(host)}, no address and not localhost`,
      'ask for localhost or by address; a proxy has to send the address it asks as Host',
    );
  const isOwn = origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
  if (!isOwn || (site !== 'none' && site !== 'same-origin'))
    throw refused(
      request,
      'cross-site',
      `it comes from ${origin ?? 'another site'}`,
      'pages of other sites may not ask this controller',
    );
  next();
};

/** Forms of other sites can send anything but JSON. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const isEmpty = request.get('Content-Length') === '0';
  // Null: there is no body at all.
  if (!isEmpty && request.is('application/json') === false)
    throw refused(
      request,
      'unsupported-media-type',
      `the body is ${request.get('Content-Type') ?? 'of no type'}`,
      'send JSON with Content-Type: application/json',
    );
  next();
};

function refused(
  { method, path }: Request,
  reason: string,
  message: string,
  hint: string,
): FarshoreError {
  return new FarshoreError(message, {
    code: `request.${reason}`,
    kind: 'permanent',
    operation: 'answer',
    subject: `${method} ${path}`,
    hint,
  });
}
