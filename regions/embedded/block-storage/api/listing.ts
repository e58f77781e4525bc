import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { queryFlag } from './input.ts';
import type { ApiRequest } from './request.ts';

const mostRows = 1_000;
const reserved = new Set([
  'limit',
  'offset',
  'marker',
  'sort',
  'sort_key',
  'sort_dir',
  'all_tenants',
  'with_count',
]);

/** Fields that a list may be filtered and sorted by, by their names in the API. */
type Fields<T> = Readonly<Record<string, (row: T) => unknown>>;

export interface Listing<T> {
  /** `volumes`, the key in the answer. */
  readonly key: string;
  /** `volumes/detail`, for the next page's link. */
  readonly path: string;
  readonly rows: readonly T[];
  readonly fields: Fields<T>;
  /** 404 for a marker that is not there. */
  readonly notFound: (id: string) => Refusal;
  readonly view: (row: T) => unknown;
}

interface Row {
  readonly id: string;
  readonly projectId: string;
  readonly createdAtMs: number;
}

/** One page: filtered, newest first unless sorted otherwise, with the link to the next when it is full. */
export function listReply<T extends Row>(request: ApiRequest, list: Listing<T>): Reply {
  const { query } = request.call;
  const limit = Math.min(wholeNumber(query, 'limit') ?? mostRows, mostRows);
  const offset = wholeNumber(query, 'offset') ?? 0;
  const order = comparison(query, list.fields);
  const isWanted = filter(query, list.fields, request.minor);
  const isOurs = ownership(request);
  const rows = list.rows.filter((row) => isOurs(row) && isWanted(row)).sort(order);
  const marker = query.get('marker');
  const markerAt = marker === null ? -1 : rows.findIndex(({ id }) => id === marker);
  if (marker !== null && markerAt < 0) throw list.notFound(marker);
  const start = markerAt + 1 + offset;
  const page = rows.slice(start, start + limit);
  const last = page.at(-1);
  const count = request.minor >= 45 && queryFlag(query, 'with_count') ? rows.length : undefined;
  const isMore = last !== undefined && limit <= (count ?? page.length);
  return jsonReply(200, {
    [list.key]: page.map(list.view),
    ...(isMore ? { [`${list.key}_links`]: [nextLink(request, list.path, last.id)] } : {}),
    ...(count === undefined ? {} : { count }),
  });
}

/** The project's own; an administrator may ask for all or for another's. */
function ownership(request: ApiRequest): (row: Row) => boolean {
  const { query } = request.call;
  if (!queryFlag(query, 'all_tenants') || !request.isAdmin)
    return (row) => row.projectId === request.projectId;
  const project = query.get('project_id');
  return (row) => project === null || row.projectId === project;
}

function nextLink(request: ApiRequest, path: string, id: string): object {
  const query = new URLSearchParams(request.call.query);
  query.delete('marker');
  query.append('marker', id);
  return { rel: 'next', href: `${request.base}/${path}?${query.toString()}` };
}

function wholeNumber(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key);
  if (text === null) return undefined;
  if (!/^\s*[+-]?\d{1,15}\s*$/.test(text))
    throw new Refusal(400, `${key} param must be an integer`);
  const value = Number(text);
  if (value < 0) throw new Refusal(400, `${key} param must be positive`);
  return value;
}

/** From 3.31 on a filter that is not known is refused, before it is passed over. */
function filter<T>(query: URLSearchParams, fields: Fields<T>, minor: number): (row: T) => boolean {
  const tests: ((row: T) => boolean)[] = [];
  const unknown: string[] = [];
  for (const [name, wanted] of query) {
    if (reserved.has(name) || name === 'project_id') continue;
    const isLike = name.endsWith('~') && minor >= 34;
    const key = isLike ? name.slice(0, -1) : name;
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) unknown.push(name);
    else if (isLike) tests.push((row) => shown(field(row)).includes(wanted));
    else tests.push((row) => isEqual(field(row), wanted));
  }
  if (unknown.length > 0 && minor >= 31)
    throw new Refusal(400, `Invalid filters ${unknown.join(',')} are found in query options.`);
  return (row) => tests.every((test) => test(row));
}

function isEqual(value: unknown, wanted: string): boolean {
  if (typeof value === 'boolean') return value === !/^false$/i.test(wanted);
  if (typeof value !== 'object' || value === null) return shown(value) === wanted;
  return pairs(wanted).every(
    ([key, text]) => (value as Readonly<Record<string, unknown>>)[key] === text,
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A Python dictionary's literal, as the clients write a filter on metadata. */
function pairs(literal: string): [string, string][] {
  const text = /(['"])(.*?)\1\s*:\s*u?(['"])(.*?)\3/g;
  return [...literal.matchAll(text)].map(([, , key = '', , value = '']) => [key, value]);
}

const signs = new Map([
  ['asc', 1],
  ['desc', -1],
]);

function comparison<T extends Row>(
  query: URLSearchParams,
  fields: Fields<T>,
): (a: T, b: T) => number {
  const sort = query.get('sort');
  if (sort !== null && (query.has('sort_key') || query.has('sort_dir')))
    throw new Refusal(
      400,
      "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
    );
  const wishes = sort?.split(',').map((each) => each.split(':')) ?? [
    [query.get('sort_key') ?? 'created_at', query.get('sort_dir') ?? 'desc'],
  ];
  const keys = wishes.map(([key = '', direction]) => {
    const sign = signs.get((direction?.trim() ?? '') || 'desc');
    const field = sortField(fields, key.trim());
    if (field === undefined) throw new Refusal(400, 'Invalid input received: Invalid sort key');
    if (sign === undefined)
      throw new Refusal(
        400,
        'Invalid input received: Unknown sort direction, must be one of: asc-nullsfirst, asc-nullslast, desc-nullsfirst, desc-nullslast, asc, desc',
      );
    return { field, sign };
  });
  keys.push({ field: (row) => row.id, sign: keys.at(-1)?.sign ?? -1 });
  return (a, b) => {
    for (const { field, sign } of keys) {
      const order = compare(field(a), field(b));
      if (order !== 0) return order * sign;
    }
    return 0;
  };
}

function sortField<T extends Row>(
  fields: Fields<T>,
  key: string,
): ((row: T) => unknown) | undefined {
  if (key === 'id') return (row) => row.id;
  if (key === 'created_at') return (row) => row.createdAtMs;
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [first, second] = [shown(a), shown(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
