import { Refusal } from '../http/refusal.ts';
import type { Reply } from '../http/reply.ts';

/** A body of its own, as plain text. */
export function plain(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(status, message, { 'content-type': 'text/plain', ...headers });
}

/** The usual page of that status, or a message in its place. */
export function page(status: number, message = '', headers = {}): Refusal {
  return new Refusal(status, message, headers);
}

export function notFound(): Refusal {
  return page(404);
}

const pages: Readonly<Record<number, readonly [title: string, text: string]>> = Object.freeze({
  202: ['Accepted', 'The request is accepted for processing.'],
  400: [
    'Bad Request',
    'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  ],
  401: [
    'Unauthorized',
    'This server could not verify that you are authorized to access the document you requested.',
  ],
  403: ['Forbidden', 'Access was denied to this resource.'],
  404: ['Not Found', 'The resource could not be found.'],
  405: ['Method Not Allowed', 'The method is not allowed for this resource.'],
  406: ['Not Acceptable', 'The resource is not available in a format acceptable to your browser.'],
  408: [
    'Request Timeout',
    'The server has waited too long for the request to be sent by the client.',
  ],
  409: ['Conflict', 'There was a conflict when trying to complete your request.'],
  411: ['Length Required', 'Content-Length header required.'],
  412: ['Precondition Failed', 'A precondition for this request was not met.'],
  413: ['Request Entity Too Large', 'The body of your request was too large for this server.'],
  416: ['Requested Range Not Satisfiable', 'The Range requested is not available.'],
  422: ['Unprocessable Entity', 'Unable to process the contained instructions'],
  499: ['Client Disconnect', 'The client was disconnected during request.'],
  501: ['Not Implemented', 'The requested method is not implemented by this server.'],
  503: [
    'Service Unavailable',
    'The server is currently unavailable. Please try again at a later time.',
  ],
  507: ['Insufficient Storage', 'There was not enough space to save the resource.'],
});

/** The page that Swift shows with a status; empty where it has none. */
export function pageOf(status: number): string {
  const [title, text] = pages[status] ?? ['', ''];
  return title === '' ? '' : `<html><h1>${title}</h1><p>${text}</p></html>`;
}

export const html = 'text/html; charset=UTF-8';

/** An answer that says nothing but its status. */
export function statusReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = pageOf(status);
  return {
    status,
    headers: { 'content-type': html, 'content-length': String(body.length), ...headers },
    body,
  };
}
