import type { Group, Stored } from '../model/types.ts';
import type { Entry, Store } from '../store/store.ts';
import { keys } from './keys.ts';
import type { GroupHead, GroupRecord } from './records.ts';
import { notFound } from './refusals.ts';

/** A group's record and head as read, with the revisions to compare in a transaction. */
export interface GroupEntries {
  readonly record: Entry<GroupRecord>;
  readonly head: Entry<GroupHead>;
}

/** Null when there is none. Record and head are made and deleted in one transaction. */
export async function findGroup(store: Store, name: string): Promise<GroupEntries | null> {
  const record = await store.get(keys.group(name));
  const head = await store.get(keys.head(name));
  return record === null || head === null ? null : { record, head };
}

export async function readGroup(store: Store, name: string): Promise<GroupEntries> {
  const found = await findGroup(store, name);
  if (found === null) throw notFound('group', name);
  return found;
}

/** As the service shows it; the revision is that of what the operator wrote. */
export async function groupView(store: Store, entries: GroupEntries): Promise<Stored<Group>> {
  const { record, head } = entries;
  const { spec, createdAt } = record.value;
  const { generation, primary, failedOver } = head.value;
  const members = await store.get(keys.members(spec.name));
  const resources = members?.value.resources ?? [];
  return {
    value: {
      spec,
      generation,
      primary,
      ...(failedOver === undefined ? {} : { failedOver }),
      resources,
      createdAt,
    },
    revision: record.modRevision,
  };
}

/** Where points are restored, and live: the region beside the primary, or the one that took over. */
export function restoreRegion(head: GroupHead): string {
  return head.failedOver === undefined ? head.secondary : head.primary;
}
