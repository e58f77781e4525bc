import type { Reply } from '../http/reply.ts';
import { html, page } from './refusals.ts';
import type { Core, Request } from './request.ts';

/** OPTIONS, a browser's question before a request of its own included. Throws a Refusal of 401. */
export async function optionsReply(
  core: Core,
  request: Request,
  methods: readonly string[],
): Promise<Reply> {
  const allow = [...methods, ...(request.object === '' ? [] : ['COPY'])].join(', ');
  const headers = { 'content-type': html, 'content-length': '0', allow };
  const { origin } = request.headers;
  if (origin === undefined) return { status: 200, headers, body: '' };
  const wanted = request.headers['access-control-request-method'];
  const record = await core.state.container(request.account, request.container);
  const origins = (record?.headers['x-container-meta-access-control-allow-origin'] ?? '').split(
    /\s+/,
  );
  const isAllowed = origins.includes('*') || origins.includes(origin);
  if (!isAllowed || wanted === undefined || !allow.split(', ').includes(wanted)) throw page(401);
  const asked = request.headers['access-control-request-headers'];
  const maxAge = record?.headers['x-container-meta-access-control-max-age'];
  return {
    status: 200,
    headers: {
      ...headers,
      'access-control-allow-origin': origins.includes('*') ? '*' : origin,
      'access-control-allow-methods': allow,
      ...(maxAge === undefined ? {} : { 'access-control-max-age': maxAge }),
      ...(asked === undefined
        ? {}
        : { 'access-control-allow-headers': asked, vary: 'Access-Control-Request-Headers' }),
    },
    body: '',
  };
}
