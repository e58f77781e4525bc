import type { GroupEntries } from '../state/groups.ts';
import { findGroup } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import type { Store } from '../store/store.ts';
import type { Standing } from './due.ts';

/** Null for a group that was deleted, or whose policy was, since it was listed. */
export async function readStanding(store: Store, group: string): Promise<Standing | null> {
  const entries = await findGroup(store, group);
  if (entries === null) return null;
  const policy = await store.get(keys.policy(entries.record.value.spec.policy));
  if (policy === null) return null;
  const session = (await store.get(keys.session(group)))?.value ?? null;
  return {
    isResting: isResting(entries),
    policy: policy.value,
    session,
    failures: session?.phase === 'failed' ? 1 + (await failuresBefore(store, group)) : 0,
    createdAt: entries.record.value.createdAt,
  };
}

function isResting({ record, head }: GroupEntries): boolean {
  return record.value.spec.paused || head.value.failedOver !== undefined;
}

/** Ids sort by time. */
async function failuresBefore(store: Store, group: string): Promise<number> {
  const history = await store.range(keys.history(group));
  const others = history.findLastIndex(({ value }) => value.phase !== 'failed');
  return history.length - 1 - others;
}
