import { Refusal } from '../../http/refusal.ts';
import { splitPath } from '../bulk/names.ts';
import { type Problem, statusLine } from '../bulk/report.ts';
import type { Core, Request } from '../request.ts';
import { listingTime, ticksPerSecond, wholeSeconds } from '../times.ts';
import { quote } from '../wire.ts';
import { blobContent } from '../object/blob-content.ts';
import { largeContent } from './large-objects.ts';
import type { ObjectSegment, Segment } from './manifest.ts';
import type { SegmentInput } from './manifest-input.ts';
import { segmentFound } from './segment.ts';
import { resolvedRange, type SegmentRange } from './segment-range.ts';

type ObjectInput = Exclude<SegmentInput, { data: Buffer }>;

/** An object as a segment's manifest tells of it, whole. Throws the Refusal of reading it. */
type Seen = Omit<ObjectSegment, 'name' | 'range'>;

/** Every object is looked at once. The problems are none, or the segments are of no use. */
export async function checkedSegments(
  core: Core,
  request: Request,
  inputs: readonly SegmentInput[],
): Promise<{ readonly segments: readonly Segment[]; readonly problems: readonly Problem[] }> {
  const segments: Segment[] = [];
  const problems: Problem[] = [];
  const looks = new Map<string, Promise<Seen | Refusal>>();
  for (const [index, input] of inputs.entries()) {
    if ('data' in input) {
      segments.push({ data: input.data.toString('base64') });
      continue;
    }
    const look = looks.get(input.path) ?? seenOrRefused(core, request, input.path);
    looks.set(input.path, look);
    const seen = await look;
    const name = quote(input.path);
    if (seen instanceof Refusal) {
      problems.push([name, statusLine(seen.status)]);
      continue;
    }
    const range = rangeOf(input.range, seen.bytes);
    problems.push(
      ...problemsOf(input, seen, range, index === inputs.length - 1).map(
        (problem) => [name, problem] as const,
      ),
    );
    const { sub_slo, ...whole } = seen;
    segments.push({
      name: `/${input.path.replace(/^\/+/, '')}`,
      ...whole,
      ...(typeof range === 'string' ? { range } : {}),
      ...(sub_slo === true ? { sub_slo } : {}),
    });
  }
  return { segments, problems };
}

/** `first-last`; undefined: all of it. `null`: none of it is there. */
function rangeOf(range: SegmentRange | undefined, bytes: number): string | undefined | null {
  if (range === undefined) return undefined;
  const resolved = resolvedRange(range, bytes);
  if (resolved === undefined) return null;
  const { first, last } = resolved;
  return first === 0 && last === bytes - 1 ? undefined : `${first}-${last}`;
}

function problemsOf(
  { bytes, etag }: ObjectInput,
  seen: Seen,
  range: string | undefined | null,
  isLast: boolean,
): readonly string[] {
  return [
    ...(range === null ? ['Unsatisfiable Range'] : []),
    ...(seen.bytes < 1 && !isLast ? ['Too small; each segment must be at least 1 byte.'] : []),
    ...(bytes !== undefined && bytes !== seen.bytes ? ['Size Mismatch'] : []),
    ...(etag !== undefined && etag !== seen.hash ? ['Etag Mismatch'] : []),
  ];
}

async function seenOrRefused(core: Core, request: Request, path: string): Promise<Seen | Refusal> {
  try {
    const found = await segmentFound(core, request, splitPath(path));
    const { record } = found;
    const asWhole = { ...request, query: new URLSearchParams() };
    const content = (await largeContent(core, asWhole, found)) ?? blobContent(core, record);
    if (content === undefined) return new Refusal(404, '');
    return {
      bytes: content.bytes,
      hash: content.etag.replaceAll('"', ''),
      content_type: record.contentType,
      last_modified: listingTime(wholeSeconds(record.changedAt) * ticksPerSecond),
      ...(record.slo === undefined ? {} : { sub_slo: true }),
    };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
