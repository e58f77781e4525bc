import { z } from 'zod';
import { RequestError } from '../http/request-error.ts';
import type { JsonRequest, ServiceClient } from '../http/service-client.ts';
import { emptyMd5 } from './etag.ts';
import { compareNames, containerPath, decodeName } from './names.ts';
import type { ListingRow, ListOptions } from './types.ts';

/** Swift's own limit (`container_listing_limit`); asking for more is refused. */
const defaultPageSize = 10_000;

const rowShape = z.object({
  name: z.string(),
  hash: z.string(),
  bytes: z.number(),
  content_type: z.string().optional(),
  last_modified: z.string(),
  slo_etag: z.string().optional(),
  symlink_path: z.string().optional(),
  symlink_etag: z.string().optional(),
  version_id: z.string().optional(),
  is_latest: z.boolean().optional(),
});
type Row = z.infer<typeof rowShape>;
const containerShape = z.object({ name: z.string(), count: z.number(), bytes: z.number() });

export async function* listContainers(
  client: ServiceClient,
  options: { readonly prefix?: string; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<{ readonly name: string; readonly objects: number; readonly bytes: number }> {
  let marker: string | undefined;
  for (;;) {
    const { prefix } = options;
    const rows = await page(client, containerShape, {
      path: '',
      query: { prefix, marker, limit: defaultPageSize },
      operation: 'list containers of account in region',
      subject: client.region,
      signal: options.signal,
    });
    for (const { name, count, bytes } of rows) yield { name, objects: count, bytes };
    if (rows.length < defaultPageSize) return;
    marker = rows.at(-1)?.name;
  }
}

/**
 * All pages of a container. The next page is on its way once half of the rows of one were read: rows written
 * meanwhile behind its marker may be seen, those before it are not.
 */
export async function* listObjects(
  client: ServiceClient,
  container: string,
  options: ListOptions,
): AsyncGenerator<ListingRow> {
  const { prefix, endMarker, pageSize = defaultPageSize } = options;
  const stop = new AbortController();
  const signals = options.signal === undefined ? [] : [options.signal];
  const signal = AbortSignal.any([stop.signal, ...signals]);
  const ask = (marker: string | undefined) => {
    const query = { prefix, marker, end_marker: endMarker, limit: pageSize };
    const rows = objectPage(client, container, query, signal);
    // Told when it is this page's turn.
    rows.catch(() => undefined);
    return rows;
  };
  try {
    for (let next = ask(options.marker); ;) {
      const rows = await next;
      const last = rows.length < pageSize ? undefined : rows.at(-1)?.name;
      const middle = Math.ceil(rows.length / 2);
      // Made one by one: ten thousand at once would all outlive the young generation.
      for (const row of rows.slice(0, middle)) yield listed(row);
      if (last !== undefined) next = ask(last);
      for (const row of rows.slice(middle)) yield listed(row);
      if (last === undefined) return;
    }
  } finally {
    stop.abort(new Error('the rest of the listing is not read'));
  }
}

/**
 * All versions. Swift marks the latest only among the names that begin on the page, and knows no end
 * marker here (object_versioning.py, `_list_versions`); so the last name of a full page is read again
 * as the first of the next, unless it fills the page alone.
 */
export async function* listVersions(
  client: ServiceClient,
  container: string,
  options: ListOptions,
  currentVersion: (object: string) => Promise<string | null>,
): AsyncGenerator<ListingRow> {
  const pageSize = options.pageSize ?? defaultPageSize;
  const { prefix, endMarker, signal } = options;
  const isBeforeEnd = (row: ListingRow) =>
    endMarker === undefined || compareNames(row.name, endMarker) < 0;
  let marker = options.marker;
  for (;;) {
    const query = { versions: 'true', prefix, marker, limit: pageSize };
    const rows = (await objectPage(client, container, query, signal)).map(listed);
    const last = rows.at(-1);
    const held = rows.length < pageSize ? undefined : last?.name;
    const whole = withOneLatest(rows.filter((row) => row.name !== held));
    for (const row of whole) if (isBeforeEnd(row)) yield row;
    if (held === undefined || last === undefined || !isBeforeEnd(last)) return;
    marker = whole.at(-1)?.name;
    if (marker !== undefined) continue;
    const first = { name: held, rows, pageSize, signal };
    yield* versionsOfOne(client, container, first, currentVersion);
    marker = held;
  }
}

const deleteMarkerType = 'application/x-deleted;swift_versions_deleted=1';

/** After an older version was made current, Swift calls the delete marker above it the latest too. */
function withOneLatest(rows: readonly ListingRow[]): readonly ListingRow[] {
  const isMarker = (row: ListingRow) => row.contentType === deleteMarkerType;
  const alive = new Set(
    rows.filter((row) => row.isLatest && !isMarker(row)).map(({ name }) => name),
  );
  return rows.map((row) =>
    isMarker(row) && alive.has(row.name) ? { ...row, isLatest: false } : row,
  );
}

/** A name with more versions than fit on a page: which is the latest must be asked of the object. */
async function* versionsOfOne(
  client: ServiceClient,
  container: string,
  first: {
    readonly name: string;
    readonly rows: readonly ListingRow[];
    readonly pageSize: number;
    readonly signal: AbortSignal | undefined;
  },
  currentVersion: (object: string) => Promise<string | null>,
): AsyncGenerator<ListingRow> {
  const { name, pageSize, signal } = first;
  // A deleted object has none: its newest version, a delete marker, is the latest.
  const current = (await currentVersion(name)) ?? first.rows[0]?.versionId;
  let { rows } = first;
  for (;;) {
    const own = rows.filter((row) => row.name === name);
    for (const row of own) yield { ...row, isLatest: row.versionId === current };
    const last = own.at(-1)?.versionId;
    if (own.length < pageSize || last === undefined) return;
    const query = { versions: 'true', marker: name, version_marker: last, limit: pageSize };
    rows = (await objectPage(client, container, query, signal)).map(listed);
  }
}

async function objectPage(
  client: ServiceClient,
  container: string,
  query: PageQuery,
  signal: AbortSignal | undefined,
): Promise<readonly Row[]> {
  return await page(client, rowShape, {
    path: containerPath(container),
    query,
    operation: `list, in region ${client.region}, container`,
    subject: container,
    signal,
  });
}

function listed(row: Row): ListingRow {
  return {
    name: row.name,
    hash: row.hash,
    bytes: row.bytes,
    contentType: row.content_type ?? '',
    lastModified: row.last_modified,
    ...(row.slo_etag === undefined ? {} : { sloEtag: row.slo_etag.replaceAll('"', '') }),
    ...(row.symlink_etag === undefined ? {} : { symlinkEtag: row.symlink_etag }),
    ...(row.version_id === undefined ? {} : { versionId: row.version_id }),
    ...(isOpaqueSlo(row) ? { isOpaqueSlo: true as const } : {}),
    ...symlinkOf(row),
    ...(row.is_latest === undefined ? {} : { isLatest: row.is_latest }),
  };
}

/** Ceph RGW's row of an SLO. Swift's has `slo_etag`; nothing else has bytes and the MD5 of none. */
function isOpaqueSlo(row: Row): boolean {
  return (
    row.hash === emptyMd5 &&
    row.bytes > 0 &&
    row.slo_etag === undefined &&
    row.symlink_path === undefined
  );
}

/**
 * In a container with versioning every object is kept as a symlink to its version, and listed so:
 * `…/object?version-id=…`, where the `?` of a name would be `%3F`. That is no symlink of the user's.
 */
function symlinkOf(row: Row): Partial<ListingRow> {
  if (row.symlink_path === undefined) return {};
  const [path = '', versionId] = row.symlink_path.split('?version-id=');
  return versionId === undefined ? { symlinkPath: decodeName(path) } : { versionId };
}

async function page<Each extends { readonly name: string }>(
  client: ServiceClient,
  shape: z.ZodType<Each>,
  request: Pick<JsonRequest, 'path' | 'operation' | 'subject' | 'signal'> & {
    readonly query: PageQuery;
  },
): Promise<readonly Each[]> {
  const { query } = request;
  const asked = { ...request, query: queryOf(query), method: 'GET', ok: [200] } as const;
  const { status, body } = await client.json(asked);
  const parsed = z.array(shape).safeParse(body);
  const fault = parsed.success ? pageFault(parsed.data, query) : firstFault(parsed.error);
  if (parsed.success && fault === undefined) return parsed.data;
  throw new RequestError('object-store answered with what is not a listing', {
    code: 'region.answer-malformed',
    kind: 'permanent',
    operation: request.operation,
    subject: request.subject,
    region: client.region,
    service: client.service,
    method: 'GET',
    url: request.path,
    status,
    hint: `check that the object-store endpoint in the catalogue leads to Swift or Ceph RGW; ${fault}`,
    cause: parsed.error,
  });
}

type PageQuery = Readonly<Record<string, string | number | undefined>>;

/** What no listing does: more rows than asked for, or the same again without end. */
function pageFault(
  rows: readonly { readonly name: string }[],
  { limit, marker, version_marker: version }: PageQuery,
): string | undefined {
  if (rows.length > Number(limit))
    return `its page has ${rows.length} rows, ${limit} were asked for`;
  const last = rows.at(-1)?.name;
  if (last === undefined || marker === undefined || version !== undefined) return undefined;
  if (compareNames(last, String(marker)) > 0) return undefined;
  return 'its page does not go on behind the marker';
}

/** Where in the answer it is, and what was expected: no value of it. */
function firstFault({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? '' : `its answer at ${issue.path.join('.')}: ${issue.message}`;
}

function queryOf(
  values: Readonly<Record<string, string | number | undefined>>,
): Readonly<Record<string, string | number>> {
  const given = Object.entries(values).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return { format: 'json', ...Object.fromEntries(given) };
}
