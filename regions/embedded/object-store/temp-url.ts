import { createHmac, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { basename } from 'node:path/posix';
import type { Reply } from '../http/reply.ts';

import type { HeaderMap } from './records.ts';
import { page } from './refusals.ts';
import type { Access, Core, Request } from './request.ts';
import { quote } from './wire.ts';

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];
const digestByHexLength = new Map([
  [40, 'sha1'],
  [64, 'sha256'],
  [128, 'sha512'],
]);
/** Pointers to data that the URL itself would not open. */
const forbiddenHeaders = ['X-Object-Manifest', 'X-Symlink-Target'];

/**
 * What the signature of a request opens; undefined: it has none. The rest of the query then counts
 * for nothing. Throws a Refusal of 401 or 400.
 */
export async function tempUrlAccess(core: Core, request: Request): Promise<Access | undefined> {
  if (!isTempUrl(request)) return undefined;
  const { method, account, headers } = request;
  const container = await signedScope(core, request);
  const isRead = method === 'GET' || method === 'HEAD';
  const forbidden = forbiddenHeaders.find((name) => name.toLowerCase() in headers);
  if (!isRead && forbidden !== undefined)
    throw page(400, `The header '${forbidden}' is not allowed in this tempurl`);
  return { kind: 'temp-url', account, container };
}

/** The answer with what a temporary URL adds and hides; `request` is as the client sent it. */
export function asTempUrlReply(request: Request, reply: Reply): Reply {
  if (!isTempUrl(request)) return reply;
  const { method, query, object } = request;
  const hidden = /^x-object-meta-(?!public-)/i;
  const headers = Object.fromEntries(
    Object.entries(reply.headers ?? {}).filter(([name]) => !hidden.test(name)),
  );
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead || reply.status < 200 || reply.status > 299) return { ...reply, headers };
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'content-disposition');
  const stored = name === undefined ? undefined : headers[name];
  const expires = new Date(expiryOf(query.get('temp_url_expires') ?? '') * 1_000).toUTCString();
  return {
    ...reply,
    headers: {
      ...headers,
      [name ?? 'content-disposition']: disposition(query, object, stored),
      expires,
    },
  };
}

function isTempUrl({ method, query }: Request): boolean {
  return method !== 'OPTIONS' && (query.has('temp_url_sig') || query.has('temp_url_expires'));
}

/** The container whose key signed the request; null: the account's did. */
async function signedScope({ state, deps }: Core, request: Request): Promise<string | null> {
  const { method, account, container, object, query } = request;
  const expires = expiryOf(query.get('temp_url_expires') ?? '');
  const signature = signatureOf(query.get('temp_url_sig') ?? '');
  const ipRange = query.get('temp_url_ip_range') ?? '';
  const prefix = query.get('temp_url_prefix');
  if (
    object.replaceAll('/', '') === '' ||
    signature === undefined ||
    expires * 1_000 < deps.ambient.clock.now() ||
    !methods.includes(method) ||
    (ipRange !== '' && !isWithin(request.peer, ipRange)) ||
    (prefix !== null && !object.startsWith(prefix))
  )
    throw invalid();
  const below = `/v1/${account}/${container}/`;
  const path = prefix === null ? below + object : `prefix:${below}${prefix}`;
  // Whoever may read or write may also ask whether it is there.
  const signedMethods = method === 'HEAD' ? ['HEAD', 'GET', 'POST', 'PUT'] : [method];
  const messages = signedMethods.map((signed) =>
    [...(ipRange === '' ? [] : [`ip=${ipRange}`]), signed, expires, path].join('\n'),
  );
  const isSignedWith = (key: Buffer) =>
    messages.some((message) => {
      const hmac = createHmac(signature.digest, key).update(message).digest();
      return hmac.length === signature.bytes.length && timingSafeEqual(hmac, signature.bytes);
    });
  if (keysOf('account', (await state.account(account))?.headers).some(isSignedWith)) return null;
  const record = await state.container(account, container);
  if (keysOf('container', record?.headers).some(isSignedWith)) return container;
  throw invalid();
}

function invalid(): ReturnType<typeof page> {
  return page(401, '401 Unauthorized: Temp URL invalid\n', {
    'www-authenticate': 'Swift realm="unknown"',
  });
}

function keysOf(level: 'account' | 'container', headers: HeaderMap = {}): readonly Buffer[] {
  return ['temp-url-key', 'temp-url-key-2']
    .map((key) => Buffer.from(headers[`x-${level}-meta-${key}`] ?? '', 'latin1'))
    .filter((key) => key.length > 0);
}

/** In seconds; 0: none that can be read. */
function expiryOf(text: string): number {
  if (/^\s*\+?\d{1,12}\s*$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return 0;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms / 1_000;
}

/** Lower-case hexadecimal digits, or `sha512:` and base64 of either alphabet. */
function signatureOf(text: string): { digest: string; bytes: Buffer } | undefined {
  const at = text.indexOf(':');
  if (at < 0) {
    const digest = digestByHexLength.get(text.length);
    if (digest === undefined || !/^[0-9a-f]+$/.test(text)) return undefined;
    return { digest, bytes: Buffer.from(text, 'hex') };
  }
  const digest = text.slice(0, at);
  const encoded = text.slice(at + 1);
  if (![...digestByHexLength.values()].includes(digest)) return undefined;
  if (!/^[\w+/-]+={0,2}$/.test(encoded)) return undefined;
  return { digest, bytes: Buffer.from(encoded, 'base64') };
}

function isWithin(peer = '', range: string): boolean {
  const [address = '', bits, ...more] = range.split('/');
  const family = isIP(address);
  const client = peer.replace(/^::ffff:(?=\d+\.)/, '');
  if (family === 0 || more.length > 0 || isIP(client) !== family) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const longest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
  if (prefix > longest) return false;
  const allowed = new BlockList();
  allowed.addSubnet(address, prefix, kind);
  return allowed.check(client, kind);
}

function disposition(
  query: URLSearchParams,
  object: string,
  stored: string | readonly string[] | undefined,
): string | readonly string[] {
  const fileName = query.get('filename') ?? '';
  const kind = query.has('inline') ? 'inline' : 'attachment';
  if (fileName === '' && kind === 'inline') return kind;
  if (fileName === '' && stored !== undefined) return stored;
  const name = fileName === '' ? basename(object) : fileName;
  const plain = quote(name).replaceAll('%20', ' ');
  return `${kind}; filename="${plain}"; filename*=UTF-8''${quote(name)}`;
}
