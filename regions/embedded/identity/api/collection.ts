import { jsonReply, type Reply } from '../../http/reply.ts';
import type { Table } from '../../store/tables.ts';
import { notFound } from '../refusals.ts';
import type { OpenRequest } from '../routing.ts';
import { list } from '../state/directory.ts';

/** One kind of Keystone's resources: how it is called, and where it is kept. */
export interface Collection<T extends { readonly id: string }> {
  readonly singular: string;
  readonly plural: string;
  readonly table: Table<T>;
  /** Query parameters that select by the field of their name; others are ignored. */
  readonly filters: readonly string[];
}

type Named = Pick<Collection<never>, 'singular' | 'plural'>;

/** The record in the API's form. */
export function present<T extends { readonly id: string }>(
  { plural }: Pick<Named, 'plural'>,
  record: T,
  { call }: OpenRequest,
): T & { readonly links: { readonly self: string } } {
  return { ...record, links: { self: `${call.origin}/v3/${plural}/${record.id}` } };
}

export function oneReply(
  collection: Named,
  record: { readonly id: string },
  request: OpenRequest,
  status = 200,
): Reply {
  return jsonReply(status, { [collection.singular]: present(collection, record, request) });
}

export function listReply(
  collection: Named,
  records: readonly { readonly id: string }[],
  request: OpenRequest,
): Reply {
  return listOf(
    collection.plural,
    records.map((record) => present(collection, record, request)),
    request,
  );
}

/** Keystone's form of a list; it has no pages. */
export function listOf(plural: string, rows: readonly object[], { call }: OpenRequest): Reply {
  const query = call.query.size === 0 ? '' : `?${call.query.toString()}`;
  const self = call.origin + call.path + query;
  return jsonReply(200, { [plural]: rows, links: { next: null, self, previous: null } });
}

/** Those that the query's filters leave. */
export function selected<T>(
  records: readonly T[],
  filters: readonly string[],
  { call }: OpenRequest,
): readonly T[] {
  const wanted = filters.flatMap((filter) => {
    const value = call.query.get(filter);
    return value === null ? [] : [[filter, filter === 'enabled' ? isTrue(value) : value]];
  });
  return records.filter((record) =>
    wanted.every(
      ([field, value]) => String((record as Record<string, unknown>)[String(field)]) === value,
    ),
  );
}

/** Only `0` and `false` mean no. */
function isTrue(value: string): string {
  return String(!['0', 'false'].includes(value.toLowerCase()));
}

export async function listed<T extends { readonly id: string }>(
  collection: Collection<T>,
  request: OpenRequest,
  isSeen: (record: T) => boolean = () => true,
): Promise<Reply> {
  const records = await list(collection.table, isSeen);
  return listReply(collection, selected(records, collection.filters, request), request);
}

/** Throws a Refusal of 404. */
export async function existing<T extends { readonly id: string }>(
  { table, singular }: Pick<Collection<T>, 'table' | 'singular'>,
  id: string,
): Promise<T> {
  const record = await table.get(id);
  if (record === undefined) throw notFound(singular.replaceAll('_', ' '), id);
  return record;
}
