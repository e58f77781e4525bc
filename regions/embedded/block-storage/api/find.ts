import type { Table } from '../../store/tables.ts';
import { Refusal } from '../../http/refusal.ts';
import type { ApiRequest } from './request.ts';

export const notFound = {
  volume: (id: string) => new Refusal(404, `Volume ${id} could not be found.`),
  snapshot: (id: string) => new Refusal(404, `Snapshot ${id} could not be found.`),
  backup: (id: string) => new Refusal(404, `Backup ${id} could not be found.`),
  attachment: (id: string) =>
    new Refusal(404, `Volume attachment could not be found with filter: attachment_id = ${id}.`),
};

/** The record, if it is one of the requester's project or the requester an administrator; else 404. */
export async function find<T extends { readonly projectId: string }>(
  request: ApiRequest,
  kind: keyof typeof notFound,
  table: Table<T>,
  id: string,
): Promise<T> {
  const record = await table.get(id);
  if (record !== undefined && (request.isAdmin || record.projectId === request.projectId))
    return record;
  throw notFound[kind](id);
}
