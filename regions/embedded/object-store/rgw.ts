import { wholeBody } from '../http/call.ts';
import type { Reply } from '../http/reply.ts';
import { splitPath } from './bulk/names.ts';
import { longestManifestBytes } from './large-objects/manifest.ts';
import { limits } from './metadata.ts';
import { accountOf } from './object/symlink.ts';
import { emptyEtag } from './object/store-body.ts';
import { omit } from './omit.ts';
import { perform } from './perform.ts';
import type { HeaderMap, ObjectRecord } from './records.ts';
import { html, notFound, page } from './refusals.ts';
import type { Core, Request } from './request.ts';
import { textOf } from './wire.ts';
import { Readable } from 'node:stream';

/**
 * Where the Ceph Object Gateway (RGW 16.2, 18.2, seen) differs from Swift as far as who moves objects
 * can notice: requests are changed on their way in to what it makes of them, answers on their way out.
 * Not here: segments that changed are refused as in Swift, where RGW serves their new bytes.
 */

/** Below it lies all of the gateway's Swift, `/swift/info` too. */
export const rgwPrefix = '/swift';

export const rgwInfo = Object.freeze({
  bulk_delete: {},
  container_quotas: {},
  swift: {
    max_file_size: 5_368_709_120,
    container_listing_limit: 10_000,
    version: '16.2.15',
    policies: [{ default: true, name: 'default-placement' }],
    max_object_name_size: 1_024,
    strict_cors_mode: true,
    max_container_name_length: 255,
  },
  tempurl: { methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] },
  slo: { max_manifest_segments: 1_000 },
  account_quotas: {},
  staticweb: {},
  tempauth: { account_acls: true },
});

/** What it shows of an object that was put without a type; the listing then has none. */
const untyped = 'binary/octet-stream';

/** As `perform`, by the gateway. */
export async function performAsRgw(core: Core, given: Request): Promise<Reply> {
  const request = { ...given, query: known(given.query), headers: heard(given) };
  if (request.object === '') return container(core, request);
  const { account, container: name, object } = request;
  switch (request.method) {
    case 'PUT':
      return put(core, request);
    case 'COPY':
      return perform(core, await asCopy(core, request));
    case 'POST':
      return perform(core, asPost(request, await core.state.object(account, name, object)));
    case 'GET':
    case 'HEAD':
      return read(core, request, await core.state.object(account, name, object));
    default:
      return perform(core, request);
  }
}

function known(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  for (const name of ['version-id', 'versions', 'version_marker', 'reverse', 'symlink'])
    rest.delete(name);
  if (Number(rest.get('limit')) > limits.listingRows) rest.set('limit', String(limits.listingRows));
  return rest;
}

function heard({ method, object, headers }: Request): HeaderMap {
  const unheard = [
    'x-versions-enabled',
    'x-history-location',
    'x-remove-container-read',
    'x-symlink-target',
    'x-symlink-target-account',
    'x-symlink-target-etag',
    ...(method === 'PUT' || method === 'COPY' ? ['if-none-match'] : []),
  ];
  const rest = omit(headers, ...unheard);
  // Of several ranges it serves the first.
  const range = object === '' ? undefined : headers.range?.split(',')[0];
  return range === undefined ? rest : { ...rest, range };
}

async function container(core: Core, request: Request): Promise<Reply> {
  const { method, container: name } = request;
  const bytes = Buffer.byteLength(name);
  if (method === 'PUT' && name !== '' && (bytes < 3 || bytes > 255)) throw page(400);
  const reply = await perform(core, request);
  if (method !== 'GET' || name === '' || typeof reply.body !== 'string') return reply;
  if (request.query.get('format') !== 'json') return reply;
  const items = JSON.parse(reply.body) as readonly Readonly<Record<string, string | number>>[];
  const body = JSON.stringify(await Promise.all(items.map((item) => row(core, request, item))));
  return {
    ...reply,
    headers: { ...reply.headers, 'content-length': String(Buffer.byteLength(body)) },
    body,
  };
}

async function row(
  core: Core,
  { account, container: name }: Request,
  item: Readonly<Record<string, string | number>>,
): Promise<object> {
  if (item.name === undefined) return item;
  const { last_modified: at, slo_etag: slo, ...rest } = omit(item, 'content_type');
  const record = await core.state.object(account, name, String(item.name));
  // As it was sent, blanks between its parameters too.
  const type = record?.contentType ?? untyped;
  const typed = type === untyped ? {} : { content_type: textOf(type) };
  const shown = { ...rest, ...typed, last_modified: `${String(at).slice(0, -3)}Z` };
  if (slo === undefined) return shown;
  return { ...shown, hash: emptyEtag, bytes: record?.bytes ?? 0 };
}

async function put(core: Core, request: Request): Promise<Reply> {
  const { headers, query } = request;
  if ((headers['x-copy-from'] ?? '') !== '') return perform(core, await asCopy(core, request));
  if (headers.etag?.startsWith('"') === true) throw page(422);
  // It takes a DLO's own bytes for none. Not here: that this is their ETag afterwards, too.
  const isDlo = (headers['x-object-manifest'] ?? '') !== '';
  if (isDlo && (headers.etag ?? emptyEtag) !== emptyEtag) throw page(422);
  const type = (headers['content-type'] ?? '') === '' ? untyped : headers['content-type'];
  const typed = { ...request, headers: { ...headers, 'content-type': type ?? untyped } };
  if (query.get('multipart-manifest') !== 'put') return perform(core, typed);
  if ((headers.etag ?? '') !== '') throw page(422);
  return perform(core, await asManifest(core, typed));
}

/** Neither a segment's ETag nor its range is looked at; what is no plain object is refused. */
async function asManifest(core: Core, request: Request): Promise<Request> {
  const text = (await wholeBody(request, longestManifestBytes)).toString('utf8');
  let segments: unknown;
  try {
    segments = JSON.parse(text);
  } catch {
    throw page(400);
  }
  if (!Array.isArray(segments)) throw page(400);
  const kept = await Promise.all(
    (segments as readonly Readonly<Record<string, unknown>>[]).map(async (segment) => {
      if (typeof segment.path !== 'string') throw page(400);
      const { container: name, object } = splitPath(segment.path);
      const record = await core.state.object(request.account, name, object);
      if (record?.slo !== undefined) throw page(400);
      return { path: segment.path, size_bytes: segment.size_bytes };
    }),
  );
  const body = Buffer.from(JSON.stringify(kept));
  return {
    ...request,
    headers: { ...request.headers, 'content-length': String(body.length) },
    body: Readable.from([body]),
  };
}

/** Within the account; of an SLO the manifest; an expiry, and with fresh metadata the type, stay behind. */
async function asCopy(core: Core, request: Request): Promise<Request> {
  const { method, headers, account } = request;
  const isCopy = method === 'COPY';
  const other = isCopy ? headers['destination-account'] : headers['x-copy-from-account'];
  if (other !== undefined && accountOf(other) !== account) throw notFound();
  const from = isCopy ? request : { ...request, ...splitPath(decoded(headers['x-copy-from'])) };
  const record = await core.state.object(account, from.container, from.object);
  if (record === undefined) throw notFound();
  const query = new URLSearchParams(request.query);
  if (record.slo !== undefined) query.set('multipart-manifest', 'get');
  const isFresh = headers['x-fresh-metadata'] !== undefined;
  return {
    ...request,
    query,
    leavesExpiry: true,
    headers: isFresh ? { 'content-type': untyped, ...headers } : headers,
  };
}

function decoded(path = ''): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw page(412);
  }
}

/** Only metadata of the user is replaced. */
function asPost(request: Request, record: ObjectRecord | undefined): Request {
  const { headers } = request;
  const kept = Object.entries(record?.headers ?? {}).filter(
    ([name]) => !name.startsWith('x-object-meta-'),
  );
  const isRemoved = headers['x-remove-delete-at'] !== undefined;
  const at = record?.deleteAtSeconds;
  const expiry = at === undefined || isRemoved ? {} : { 'x-delete-at': String(at) };
  return { ...request, headers: { ...expiry, ...Object.fromEntries(kept), ...headers } };
}

/** Among what the user said of it, in every answer about a large object. */
const marked = { 'x-object-meta-static-large-object': 'True' };

async function read(
  core: Core,
  request: Request,
  record: ObjectRecord | undefined,
): Promise<Reply> {
  if (record?.slo === undefined) return perform(core, request);
  if ((request.headers['if-match'] ?? '') !== '') throw page(412);
  if (request.query.get('multipart-manifest') !== 'get') {
    const { headers, ...reply } = await perform(core, request);
    return { ...reply, headers: { ...omit({ ...headers }, 'x-manifest-etag'), ...marked } };
  }
  const { headers } = await perform(core, {
    ...request,
    method: 'HEAD',
    query: new URLSearchParams(),
  });
  return {
    status: 200,
    headers: {
      'content-type': html,
      ...omit({ ...headers }, 'x-static-large-object', 'x-manifest-etag'),
      'content-length': '0',
      etag: emptyEtag,
      ...marked,
    },
    body: '',
  };
}

/** What its S3 side says where there is nothing. */
export function noSuchBucket(): Reply {
  const body = JSON.stringify({ Code: 'NoSuchBucket', BucketName: 'info' });
  return { status: 404, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}
