import { Readable } from 'node:stream';
import { wholeBody } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import {
  type Problem,
  report,
  type ReportFormat,
  reportFormat,
  statusLine,
} from '../bulk/report.ts';
import { unquoted } from '../object/conditions.ts';
import { announcedBytes } from '../object/object-headers.ts';
import { draftHead } from '../object/put.ts';
import { storeBody } from '../object/store-body.ts';
import { storeObject } from '../object/store-object.ts';
import { checkQuotas } from '../quotas.ts';
import { page } from '../refusals.ts';
import { type Core, isTrue, type Request } from '../request.ts';
import {
  composedEtag,
  longestManifestBytes,
  mostSegments,
  type Segment,
  segmentBytes,
} from './manifest.ts';
import { manifestInput, type SegmentInput } from './manifest-input.ts';
import { checkedSegments } from './segment-check.ts';

/**
 * PUT with `multipart-manifest=put`; undefined for any other. Every segment is looked at before the
 * manifest is stored. Throws Refusals of 400, 411, 413 and 422.
 */
export async function putManifest(core: Core, request: Request): Promise<Reply | undefined> {
  if (request.query.get('multipart-manifest') !== 'put') return undefined;
  const announced = announcedBytes(request.headers) ?? 0;
  await checkQuotas(core, request, announced);
  if (announced > longestManifestBytes)
    throw page(413, `Manifest File > ${longestManifestBytes} bytes`);
  const body = await wholeBody(request, longestManifestBytes);
  const inputs = manifestInput(body, `${request.container}/${request.object}`);
  if (inputs.filter((input) => !('data' in input)).length > mostSegments)
    throw page(413, `Number of object-backed segments must be <= ${mostSegments}`);
  if (isTrue(request.query.get('heartbeat'))) return heartbeatReply(core, request, inputs);
  const { reply, problems } = await outcome(core, request, inputs);
  if (problems.length === 0) return reply;
  const format = formatFor(request);
  const headers = { 'content-type': format };
  return { status: 400, headers, body: report(format, {}, problems, 'upload') };
}

interface Outcome {
  readonly reply: Reply;
  readonly problems: readonly Problem[];
}

async function outcome(
  core: Core,
  request: Request,
  inputs: readonly SegmentInput[],
): Promise<Outcome> {
  const { segments, problems } = await checkedSegments(core, request, inputs);
  if (problems.length > 0) return { reply: { status: 400 }, problems };
  const etag = composedEtag(segments);
  const expected = unquoted(request.headers.etag ?? '');
  if (expected !== '' && expected !== etag) throw page(422);
  const reply = await store(core, request, segments, etag);
  return { reply: { ...reply, headers: { ...reply.headers, etag: `"${etag}"` } }, problems };
}

async function store(
  core: Core,
  request: Request,
  segments: readonly Segment[],
  etag: string,
): Promise<Reply> {
  const head = draftHead(core, request);
  const manifest = Buffer.from(JSON.stringify(segments));
  const stored = await storeBody(core, {
    ...request,
    headers: { 'content-length': String(manifest.length) },
    body: Readable.from([manifest]),
  });
  const total = segments.reduce((sum, segment) => sum + segmentBytes(segment), 0);
  return storeObject(core, request, {
    ...head,
    ...stored,
    slo: { etag, bytes: total },
  });
}

/** The outcome in the body, after a blank that tells at once that the request was taken. */
function heartbeatReply(core: Core, request: Request, inputs: readonly SegmentInput[]): Reply {
  const format = formatFor(request);
  async function* body(): AsyncGenerator<string, void, undefined> {
    yield ' ';
    const { reply, problems } = await outcome(core, request, inputs).catch(asOutcome);
    const { etag, 'last-modified': lastModified } = reply.headers ?? {};
    const results = {
      'Response Status': statusLine(reply.status),
      ...(typeof etag === 'string' ? { Etag: etag } : {}),
      ...(typeof lastModified === 'string' ? { 'Last Modified': lastModified } : {}),
      'Response Body': '',
    };
    yield `\r\n\r\n${report(format, results, problems, 'upload')}`;
  }
  return { status: 202, headers: { 'content-type': format }, body: Readable.from(body()) };
}

function asOutcome(error: unknown): Outcome {
  if (error instanceof Refusal) return { reply: { status: error.status }, problems: [] };
  throw error;
}

function formatFor({ headers }: Request): ReportFormat {
  return reportFormat(headers['accept']) ?? 'text/plain';
}
