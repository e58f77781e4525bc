import type { Reply } from '../../http/reply.ts';
import type { Body } from '../body.ts';
import { findObject, type Found } from '../find-object.ts';
import { largeContent } from '../large-objects/large-objects.ts';
import { html, notFound, pageOf } from '../refusals.ts';
import type { Content, Core, Request } from '../request.ts';
import { lastModified, stamp, wholeSeconds } from '../times.ts';
import { blobContent } from './blob-content.ts';
import { byteRanges } from './byte-ranges.ts';
import { conditionStatus } from './conditions.ts';
import { multipart } from './multipart.ts';

/** An answer to GET whose body has not been opened yet. */
export interface Reading {
  readonly found: Found;
  readonly content: Content;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  open(): Promise<Body | string>;
}

/** GET and HEAD of an object. */
export async function readObject(core: Core, request: Request): Promise<Reply> {
  const reading = await startReading(core, request);
  const { status, headers } = reading;
  if (request.method === 'HEAD') return { status, headers };
  return { status, headers, body: await reading.open() };
}

/** What GET would answer. Throws the Refusals of findObject. */
export async function startReading(core: Core, request: Request): Promise<Reading> {
  let found = await findObject(core, request);
  for (;;) {
    const content = (await largeContent(core, request, found)) ?? blobContent(core, found.record);
    if (content !== undefined) return readingOf(core, request, found, content);
    // Replaced since it was found, or damaged?
    const { blob } = found.record;
    found = await findObject(core, request);
    if (found.record.blob === blob) throw notFound();
  }
}

function readingOf(core: Core, request: Request, found: Found, content: Content): Reading {
  const { record } = found;
  const whole = {
    found,
    content,
    status: 200,
    headers: {
      ...headersOf(found, content),
      'accept-ranges': 'bytes',
      'content-length': String(content.bytes),
    },
    open: () => content.open(0, content.bytes - 1),
  };
  const refused = conditionStatus(request.headers, content.etag, wholeSeconds(record.changedAt));
  if (refused !== undefined) return { ...whole, ...emptyAnswer(refused, whole.headers) };
  // A link that is itself asked for has nothing to take a part of.
  if (request.method === 'HEAD') return whole;
  const ranges = byteRanges(request.headers.range, content.bytes);
  const [range] = ranges ?? [];
  const isTooMany = content.isOneRange === true && (ranges?.length ?? 0) > 1;
  if (ranges === undefined || isTooMany) return whole;
  if (range === undefined) return { ...whole, ...noRange(whole.headers, content.bytes) };
  if (ranges.length > 1) {
    const { ambient } = core.deps;
    const boundary = ambient.random.id() + ambient.random.id();
    const type = record.contentType;
    const parts = multipart(content, type, ranges, boundary);
    const headers = {
      ...whole.headers,
      'content-type': parts.contentType,
      'content-length': String(parts.bytes),
    };
    return { ...whole, status: 206, headers, open: () => Promise.resolve(parts.body()) };
  }
  const [first, last] = range;
  const headers = {
    ...whole.headers,
    'content-range': `bytes ${first}-${last}/${content.bytes}`,
    'content-length': String(last - first + 1),
  };
  return { ...whole, status: 206, headers, open: () => content.open(first, last) };
}

function headersOf(found: Found, content: Content): Readonly<Record<string, string>> {
  const { contentType, changedAt, deleteAtSeconds, headers, slo } = found.record;
  return {
    'content-type': contentType,
    ...headers,
    ...(deleteAtSeconds === undefined ? {} : { 'x-delete-at': String(deleteAtSeconds) }),
    ...(slo === undefined ? {} : { 'x-static-large-object': 'True' }),
    etag: content.etag,
    'last-modified': lastModified(changedAt),
    'x-timestamp': stamp(changedAt),
    ...found.headers,
    ...content.headers,
  };
}

function emptyAnswer(
  status: 304 | 412,
  { 'accept-ranges': ranges = '', ...headers }: Readonly<Record<string, string>>,
): Pick<Reading, 'status' | 'headers' | 'open'> {
  return {
    status,
    headers: {
      ...headers,
      ...(status === 412 ? { 'content-type': html } : { 'accept-ranges': ranges }),
      'content-length': '0',
    },
    open: () => Promise.resolve(''),
  };
}

function noRange(
  headers: Readonly<Record<string, string>>,
  bytes: number,
): Pick<Reading, 'status' | 'headers' | 'open'> {
  const body = pageOf(416);
  return {
    status: 416,
    headers: {
      ...headers,
      'content-range': `bytes */${bytes}`,
      'content-length': String(body.length),
    },
    open: () => Promise.resolve(body),
  };
}
