import { parsedJson } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { resolvedRange, segmentRanges, type SegmentRange } from './segment-range.ts';

/** One segment as a client asks for it. */
export type SegmentInput =
  | { readonly data: Buffer }
  | {
      /** As it was given; with or without a slash before the container. */
      readonly path: string;
      readonly etag: string | undefined;
      readonly bytes: number | undefined;
      readonly range: SegmentRange | undefined;
    };

type Problem = string;
type Fields = Readonly<Record<string, unknown>>;

const pathKeys = ['path', 'range', 'etag', 'size_bytes'];
const tooSmall = 'too small; each segment must be at least 1 byte.';

/** `own` is the manifest's own `container/object`. Throws a Refusal of 400 that tells all faults. */
export function manifestInput(body: Buffer, own: string): readonly SegmentInput[] {
  const values = parsed(body);
  const read = values.map((value, index) => segmentInput(value, own, index === values.length - 1));
  const problems = read.flatMap((segment, index) =>
    typeof segment === 'string' ? [`Index ${index}: ${segment}`] : [],
  );
  const segments = read.filter((segment) => typeof segment !== 'string');
  if (values.length > 0 && values.every((value) => isFields(value) && 'data' in value))
    problems.push('Inline data segments require at least one object-backed segment.');
  if (problems.length === 0) return segments;
  throw new Refusal(400, problems.map((problem) => `${problem}\n`).join(''), {
    'content-type': 'text/plain',
  });
}

function parsed(body: Buffer): readonly unknown[] {
  let value: unknown;
  try {
    value = parsedJson(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'Manifest must be valid JSON.\n');
  }
  if (!Array.isArray(value)) throw new Refusal(400, 'Manifest must be a list.\n');
  return value as readonly unknown[];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function segmentInput(value: unknown, own: string, isLast: boolean): SegmentInput | Problem {
  if (!isFields(value)) return 'not a JSON object';
  const isData = 'data' in value;
  if (!isData && !('path' in value)) return `expected keys to include one of 'data' or 'path'`;
  const allowed = isData ? ['data'] : pathKeys;
  const extra = Object.keys(value).filter((key) => !allowed.includes(key));
  if (extra.length > 0)
    return `extraneous keys ${extra
      .sort()
      .map((key) => JSON.stringify(key))
      .join(', ')}`;
  return isData ? dataInput(value['data']) : objectInput(value, own, isLast);
}

function dataInput(data: unknown): SegmentInput | Problem {
  if (typeof data !== 'string' || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data))
    return 'data must be valid base64';
  const bytes = Buffer.from(data, 'base64');
  return bytes.length === 0 ? tooSmall : { data: bytes };
}

function objectInput(fields: Fields, own: string, isLast: boolean): SegmentInput | Problem {
  const { path, etag, size_bytes: size, range } = fields;
  if (typeof path !== 'string') return '"path" must be a string';
  if (etag != null && typeof etag !== 'string')
    return '"etag" must be a string or null (if provided)';
  if (!/[^/]\/+[^/]/.test(path))
    return 'path does not refer to an object. Path must be of the form /container/object.';
  const bytes = wholeNumber(size);
  if (bytes === 'invalid') return 'invalid size_bytes';
  if (bytes !== undefined && bytes < 1 && !isLast) return tooSmall;
  if (path.replace(/^\/+/, '') === own) return 'manifest must not include itself as a segment';
  const isWhole = range == null || range === '' || range === 0 || range === false;
  const ranges = isWhole ? [] : segmentRanges(typeof range === 'string' ? range : '');
  if (ranges === undefined) return 'invalid range';
  if (ranges.length > 1) return 'multiple ranges (only one allowed)';
  const only = ranges[0];
  if (bytes !== undefined && only !== undefined && resolvedRange(only, bytes) === undefined)
    return 'unsatisfiable range';
  return { path, etag: etag ?? undefined, bytes, range: only };
}

function wholeNumber(value: unknown): number | undefined | 'invalid' {
  if (value == null) return undefined;
  if (typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 'invalid';
}
