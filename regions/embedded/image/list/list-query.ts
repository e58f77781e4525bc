import { badRequest } from '../replies/image-refusal.ts';
import { undecodable } from '../image-request.ts';
import { conditionsOf, type Condition } from './conditions.ts';

export const sortKeys = [
  'name',
  'status',
  'container_format',
  'disk_format',
  'size',
  'id',
  'created_at',
  'updated_at',
] as const;

export type SortKey = (typeof sortKeys)[number];

export interface SortBy {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export interface ListQuery {
  readonly limit: number;
  readonly marker: string | undefined;
  readonly memberStatus: string;
  /** `all`, one visibility, or what a list shows when nobody asks. */
  readonly visibility: string | undefined;
  readonly conditions: readonly Condition[];
  /** Never empty; no two images are equal by it. */
  readonly sort: readonly SortBy[];
}

const defaultLimit = 25;
const greatestLimit = 1_000;

/** Throws a refusal of 400. */
export function listQuery(query: URLSearchParams): ListQuery {
  const parameters = new Parameters(query);
  const limit = parameters.take('limit');
  const marker = parameters.take('marker');
  const memberStatus = parameters.take('member_status') ?? 'accepted';
  const tags = parameters.takeAll('tag');
  requireVisibility(parameters.get('visibility'));
  if (parameters.get('changes-since'))
    throw badRequest('The "changes-since" filter is no longer available on v2.');
  if (!['pending', 'accepted', 'rejected', 'all'].includes(memberStatus))
    throw badRequest(`Invalid status: ${memberStatus}`);
  const rows = limit === undefined ? defaultLimit : Math.min(parseLimit(limit), greatestLimit);
  const sort = parameters.has('sort') ? newSort(parameters) : oldSort(parameters);
  const { visibility, ...filters } = parameters.rest();
  const conditions = conditionsOf(filters, tags);
  return { limit: rows, marker, memberStatus, visibility, conditions, sort };
}

/** Taken one by one in their order; what is left filters by a property. */
class Parameters {
  #entries: (readonly [name: string, value: string])[];

  constructor(query: URLSearchParams) {
    this.#entries = [...query];
    if (this.#entries.flat().some((text) => text.includes('\ufffd'))) throw badRequest(undecodable);
  }

  has(name: string): boolean {
    return this.#entries.some(([each]) => each === name);
  }

  /** The last one wins. */
  get(name: string): string | undefined {
    return this.#entries.findLast(([each]) => each === name)?.[1];
  }

  take(name: string): string | undefined {
    const at = this.#entries.findIndex(([each]) => each === name);
    return at < 0 ? undefined : this.#entries.splice(at, 1)[0]?.[1];
  }

  takeAll(name: string): readonly string[] {
    const values = this.#entries.filter(([each]) => each === name);
    this.#entries = this.#entries.filter(([each]) => each !== name);
    return values.map(([, value]) => value.trim());
  }

  rest(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#entries);
  }
}

function requireVisibility(visibility: string | undefined): void {
  if (visibility && !['community', 'public', 'private', 'shared', 'all'].includes(visibility))
    throw badRequest(`Invalid visibility value: ${visibility}`);
}

function parseLimit(text: string): number {
  if (!/^[+-]?\d+(_\d+)*$/.test(text.trim())) throw badRequest('limit param must be an integer');
  const limit = Number(text.replaceAll('_', ''));
  if (limit < 0) throw badRequest('limit param must be positive');
  return limit;
}

/** `sort=name:asc,size` */
function newSort(parameters: Parameters): readonly SortBy[] {
  if (parameters.has('sort_key') || parameters.has('sort_dir'))
    throw badRequest('Old and new sorting syntax cannot be combined');
  const parts = (parameters.take('sort') ?? '').trim().split(',');
  const sort = parts.map((part) => {
    const [key = '', direction] = part.split(/:(.*)/s);
    return { key: sortKey(key.trim()), isDescending: isDescending((direction || 'desc').trim()) };
  });
  const [first] = sort;
  const isAlone = sort.length === 1 && first !== undefined;
  return withTies(sort, isAlone ? first.isDescending : true);
}

/** `sort_key=name&sort_dir=asc`; one direction is that of every key. */
function oldSort(parameters: Parameters): readonly SortBy[] {
  const keys = parameters.takeAll('sort_key').map(sortKey);
  const directions = parameters.takeAll('sort_dir').map(isDescending);
  if (directions.length > 1 && directions.length !== keys.length)
    throw badRequest('Number of sort dirs does not match the number of sort keys');
  const [single = true] = directions;
  const sort = (keys.length === 0 ? (['created_at'] as const) : keys).map((key, at) => ({
    key,
    isDescending: directions.length > 1 ? (directions[at] ?? true) : single,
  }));
  return withTies(sort, directions.length > 1 ? true : single);
}

function withTies(sort: readonly SortBy[], descending: boolean): readonly SortBy[] {
  const ties = (['created_at', 'id'] as const).filter((key) => !sort.some((by) => by.key === key));
  return [...sort, ...ties.map((key) => ({ key, isDescending: descending }))];
}

function sortKey(text: string): SortKey {
  const key = sortKeys.find((each) => each === text);
  if (key !== undefined) return key;
  const choices = sortKeys.join(', ');
  throw badRequest(`Invalid sort key: ${text}. It must be one of the following: ${choices}.`);
}

function isDescending(text: string): boolean {
  if (text !== 'asc' && text !== 'desc') throw badRequest(`Invalid sort direction: ${text}`);
  return text === 'desc';
}
