import { Readable } from 'node:stream';
import type { Reply } from '../../http/reply.ts';
import { authorizedContainer } from '../find-object.ts';
import { limits } from '../metadata.ts';
import type { HeaderMap } from '../records.ts';
import { omit } from '../omit.ts';
import { page, plain } from '../refusals.ts';
import { type Core, isTrue, type Request } from '../request.ts';
import { quote } from '../wire.ts';
import { keptHeaders } from './object-headers.ts';
import { putObject } from './put.ts';
import { type Reading, startReading } from './read.ts';
import { accountOf, containerAndObject } from './symlink.ts';

/** COPY, as the PUT that it stands for. Throws a Refusal of 412. */
export function copyAsPut(request: Request): Request {
  const { destination, 'destination-account': account, ...headers } = request.headers;
  if (destination === undefined || destination === '')
    throw page(412, 'Destination header required');
  const [container, object] = containerAndObject(destination, 'Destination');
  return {
    ...request,
    method: 'PUT',
    account: accountOf(account) ?? request.account,
    container,
    object,
    headers: {
      ...headers,
      'content-length': '0',
      'x-copy-from': quote(`${request.container}/${request.object}`),
      'x-copy-from-account': quote(request.account),
    },
  };
}

/**
 * PUT with X-Copy-From: the source is read as its reader would, and written as a new object. Bytes of
 * a plain object are shared, not read. A source that cannot be read answers as its GET does.
 */
export async function copyObject(core: Core, request: Request): Promise<Reply> {
  const { headers } = request;
  if ((headers['content-length'] ?? '0') !== '0')
    throw plain(400, 'Copy requests require a zero byte body');
  const source = sourceOf(request);
  const reading = await startReading(core, source);
  if (reading.status >= 300)
    return { status: reading.status, headers: reading.headers, body: await reading.open() };
  if (Number(reading.headers['content-length']) > limits.fileBytes) throw page(413);
  const sink = sinkOf(request, reading);
  // Before any byte is read or shared for somebody who may not write.
  await authorizedContainer(core, sink);
  const reply = await putCopy(core, sink, reading);
  if (reply.status !== 201) return reply;
  return { ...reply, headers: { ...reply.headers, ...copiedFrom(source, sink, reading) } };
}

function sourceOf(request: Request): Request {
  const { headers } = request;
  const [container, object] = containerAndObject(headers['x-copy-from'] ?? '', 'X-Copy-From');
  const account = accountOf(headers['x-copy-from-account']) ?? request.account;
  const query = new URLSearchParams(request.query);
  if (query.get('multipart-manifest') === 'get') query.set('format', 'raw');
  return { ...request, method: 'GET', account, container, object, query };
}

function sinkOf(request: Request, reading: Reading): Request {
  const { record } = reading.found;
  const own: HeaderMap = omit(
    request.headers,
    'x-copy-from',
    'x-copy-from-account',
    'range',
    'if-match',
    'etag',
  );
  const query = new URLSearchParams(request.query);
  const isManifest = query.get('multipart-manifest') === 'get';
  query.delete('multipart-manifest');
  query.delete('format');
  query.delete('version-id');
  if (isManifest && record.slo !== undefined) query.set('multipart-manifest', 'put');
  const dlo = isManifest ? reading.headers['x-object-manifest'] : undefined;
  const headers: HeaderMap = {
    ...(isTrue(own['x-fresh-metadata'])
      ? {}
      : omit(inherited(reading), ...(request.leavesExpiry ? ['x-delete-at'] : []))),
    ...own,
    ...(dlo === undefined ? {} : { 'x-object-manifest': dlo }),
    'content-type': own['content-type'] ?? record.contentType,
    'content-length': reading.headers['content-length'] ?? '0',
  };
  return { ...request, query, headers };
}

function inherited({ found, headers }: Reading): HeaderMap {
  const kept = omit(keptHeaders(found.record.headers), 'x-object-manifest');
  const deleteAt = headers['x-delete-at'];
  return { ...kept, ...(deleteAt === undefined ? {} : { 'x-delete-at': deleteAt }) };
}

async function putCopy(core: Core, sink: Request, reading: Reading): Promise<Reply> {
  const { record } = reading.found;
  if (record.symlink !== undefined) return putObject(core, sink, { symlink: record.symlink });
  const isPlain =
    reading.status === 200 && reading.content.etag === record.etag && record.slo === undefined;
  if (isPlain) return putShared(core, sink, reading);
  const opened = await reading.open();
  const body = opened instanceof Readable ? opened : Readable.from([Buffer.from(opened)]);
  try {
    return await putObject(core, { ...sink, body });
  } finally {
    // Refused before it was read, it would keep its file open.
    body.destroy();
  }
}

async function putShared(core: Core, sink: Request, { found }: Reading): Promise<Reply> {
  const { blobs } = core.state;
  const { bytes, etag } = found.record;
  const blob = found.record.blob === null ? null : await blobs.copy(found.record.blob);
  try {
    return await putObject(core, sink, { stored: { blob, bytes, etag } });
  } catch (error) {
    if (blob !== null) await blobs.remove(blob);
    throw error;
  }
}

function copiedFrom(
  source: Request,
  sink: Request,
  { headers }: Reading,
): Readonly<Record<string, string>> {
  const version = headers['x-object-version-id'];
  const meta = Object.entries(sink.headers).filter(
    ([name]) => name.startsWith('x-object-meta-') || name === 'x-delete-at',
  );
  return {
    'x-copied-from-account': quote(source.account),
    'x-copied-from': quote(`${source.container}/${source.object}`),
    'x-copied-from-last-modified': headers['last-modified'] ?? '',
    ...(version === undefined ? {} : { 'x-copied-from-version-id': version }),
    ...Object.fromEntries(meta),
  };
}
