import type { Call } from '../http/call.ts';
import type { HeaderMap } from './records.ts';
import { page } from './refusals.ts';
import type { Access, Request } from './request.ts';
import { unquote } from './wire.ts';

/** Of a call with its whole path, `/v1/AUTH_x/c/o`. Throws Refusals of 400, 404 and 412. */
export function parseRequest(call: Call, access: Access): Request {
  const path = unquote(call.path);
  if (path === undefined) throw page(412, 'Invalid UTF8 or contains NULL');
  const [empty, version = '', account = '', container = '', ...object] = path.split('/');
  if (empty !== '' || version === '') throw page(404);
  if (account !== '' && version !== 'v1' && version !== 'v1.0') throw page(400);
  const isComplete = account !== '' && (container !== '' || object.join('/') === '');
  if (!isComplete) throw page(412, 'Bad URL');
  return {
    method: call.method,
    account,
    container,
    object: object.join('/'),
    query: call.query,
    headers: headersOf(call),
    body: call.body,
    origin: call.origin,
    signal: call.signal,
    ...(call.peer === undefined ? {} : { peer: call.peer }),
    access,
  };
}

/** WSGI knows no underscore in a header's name: it is a hyphen from then on. */
function headersOf({ headers }: Call): HeaderMap {
  const result: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const name = given.replaceAll('_', '-');
    const text = Array.isArray(value) ? value.join(', ') : value;
    result[name] = Object.hasOwn(result, name) ? `${result[name]},${text}` : text;
  }
  return result;
}
