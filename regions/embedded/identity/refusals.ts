import { STATUS_CODES } from 'node:http';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { jsonReply, type Reply } from '../http/reply.ts';

/** Keystone's own words for what it refuses. */
const blame =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.';

export function malformed(attribute: string, target: string): Refusal {
  return new Refusal(400, `Expecting to find ${attribute} in ${target}. ${blame}`);
}

export function unauthorized(): Refusal {
  return new Refusal(401, 'The request you have made requires authentication.');
}

export function forbidden(action: string): Refusal {
  return new Refusal(
    403,
    `You are not authorized to perform the requested action: identity:${action}.`,
  );
}

export function notFound(kind: string, id: string): Refusal {
  return new Refusal(404, `Could not find ${kind}: ${id}.`);
}

export function conflict(kind: string, why: string): Refusal {
  return new Refusal(409, `Conflict occurred attempting to store ${kind} - ${why}.`);
}

export function refusalReply({ status, message, headers }: Refusal, { origin }: Call): Reply {
  if (status === 405) return jsonReply(status, { message }, headers);
  const challenge: Record<string, string> =
    status === 401 ? { 'www-authenticate': `Keystone uri="${origin}/v3"` } : {};
  const title = STATUS_CODES[status] ?? 'Error';
  return jsonReply(
    status,
    { error: { code: status, message, title } },
    {
      ...challenge,
      ...headers,
    },
  );
}

/** What Keystone's web framework says to a path it has no route for. */
export const noSuchPath: Reply = Object.freeze({
  status: 404,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>There is nothing here.</p>\n',
});
