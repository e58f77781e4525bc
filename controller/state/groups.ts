import type { Group, Stored } from '../model/types.ts';
import type { Entry, Store } from '../store/store.ts';
import { keys } from './keys.ts';
import type { GroupHead, GroupMembers, GroupRecord } from './records.ts';
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
  const members = await store.get(keys.members(record.value.spec.name));
  return { value: groupOf(record.value, head.value, members?.value), revision: record.modRevision };
}

/** Pure. */
export function groupOf(
  { spec, createdAt }: GroupRecord,
  { generation, primary, failedOver }: GroupHead,
  members: GroupMembers | undefined,
): Group {
  return {
    spec,
    generation,
    primary,
    ...(failedOver === undefined ? {} : { failedOver }),
    resources: members?.resources ?? [],
    createdAt,
  };
}

/** Where points are restored, and live: the region beside the primary, or the one that took over. */
export function restoreRegion(head: GroupHead): string {
  return head.failedOver === undefined ? head.secondary : head.primary;
}
